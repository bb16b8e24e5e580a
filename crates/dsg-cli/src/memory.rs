//! Amounts of memory as people read them.

/// Bytes of a mebibyte.
pub(crate) const MIB: u64 = 1 << 20;

/// Bytes in whole MiB, rounded up.
pub(crate) fn in_mib(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(MIB))
}
