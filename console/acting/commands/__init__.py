"""The commands that are asked otherwise than their schema alone, a file each, by what they are about."""
