//! What must hold for any input; shared by the fuzz targets and the smoke test of the workspace.

pub mod invariants;
