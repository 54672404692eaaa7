"""Data only: the manifests that come with the package, and the conditions and policies that they share."""
