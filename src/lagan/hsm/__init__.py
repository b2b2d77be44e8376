"""Files of a site whose content is at a target: their bytes are let go only when a verified copy is
there, and come back bit for bit. No step in between loses or tears anything, whenever it is killed.

Source of the orders of the steps: measured with power cuts, kills and writers on ext4, XFS and
Btrfs; see docs/internals/hsm.md.
"""
