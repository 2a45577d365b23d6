"""What every room stands on: errors, checks, seeds, progress, atomic files, compiled kernels."""
