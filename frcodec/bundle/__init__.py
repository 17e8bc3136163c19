"""Models in Android projects: the asset and its Kotlin constants, and what a built package must keep of them."""
