"""Build and check the Android loader without Google's SDK."""
