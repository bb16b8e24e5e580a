//! What memory this process has had, as the kernel says.

use std::fs;

/// The most memory that the process has had so far, in bytes. Of Linux alone.
pub(crate) fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Has [`peak_bytes`] begin anew with what the process has now; whether it could.
#[cfg(feature = "llama-cpp")]
pub(crate) fn forget_peak() -> bool {
    // `5` in proc_pid_clear_refs(5).
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

#[cfg(all(test, feature = "llama-cpp", target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_forgotten() {
        let large = vec![1_u8; 256 << 20];
        assert!(peak_bytes().unwrap() >= large.len() as u64);
        drop(std::hint::black_box(large));
        assert!(forget_peak());
        assert!(peak_bytes().unwrap() < 256 << 20);
    }
}
