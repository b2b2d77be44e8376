"""The main job on real instrument files, every step checked by comparing bytes."""
