"""FaceLab: people grouped by their faces, named, merged and split by a person."""
