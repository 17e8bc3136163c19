#pragma once

#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
#define HUGE_VAL __builtin_huge_val()
#define isfinite(x) __builtin_isfinite(x)
#define isinf(x) __builtin_isinf(x)
#define isnan(x) __builtin_isnan(x)

#ifdef __cplusplus
extern "C" {
#endif
double ceil(double);
double cos(double);
double exp(double);
double exp2(double);
double fabs(double);
double floor(double);
double fma(double, double, double);
double frexp(double, int *);
double ldexp(double, int);
double log(double);
double log2(double);
double nearbyint(double);
double pow(double, double);
double rint(double);
double round(double);
double sin(double);
double sqrt(double);
double trunc(double);
float fabsf(float);
float fmaf(float, float, float);
float ldexpf(float, int);
float nearbyintf(float);
float rintf(float);
float sqrtf(float);
long lrint(double);
long long llrint(double);
#ifdef __cplusplus
}
#endif
