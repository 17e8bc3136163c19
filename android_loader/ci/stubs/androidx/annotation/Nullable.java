package androidx.annotation;

/** What Kotlin takes for "may be null" at the signatures of android_stubs.py. */
public @interface Nullable {}
