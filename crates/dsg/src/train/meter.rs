//! Time and memory of this process.

use std::time::Instant;

use dsg_train::Meter;

use crate::memory::peak_bytes;

/// The clock, and what the kernel says of this process.
pub(super) struct ProcessMeter(Instant);

impl ProcessMeter {
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Meter for ProcessMeter {
    fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }

    fn peak_bytes(&self) -> Option<u64> {
        peak_bytes()
    }
}
