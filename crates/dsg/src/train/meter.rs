//! Time and memory of this process.

use std::fs;
use std::time::Instant;

use dsg_train::Meter;

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

    /// Of Linux alone.
    fn peak_bytes(&self) -> Option<u64> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    }
}
