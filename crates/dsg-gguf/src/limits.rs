//! What a header may ask for.

/// Bounds on what a header may claim, checked before anything is allocated for it. Claims are also held against the bytes that the
/// file has, so that memory stays in proportion to the file whatever the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Most metadata keys. Default: 65,536; models have 20 to 60.
    pub keys: u64,
    /// Most tensors. Default: 1,048,576; a model of 60 layers of 256 experts has some 50,000.
    pub tensors: u64,
    /// Longest key or tensor name, in bytes. Default: 65,535, as the specification has it.
    pub name_bytes: u64,
    /// Longest text value, in bytes. Default: 16 MiB; chat templates have a few thousand.
    pub text_bytes: u64,
    /// Most items of one array. Default: 16,777,216; vocabularies have up to some 300,000.
    pub items: u64,
    /// How deep arrays of arrays go. Default: 4; llama.cpp reads none.
    pub depth: u32,
    /// Largest `general.alignment`, in bytes. Default: 1 MiB; files have 32.
    pub alignment: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            keys: 1 << 16,
            tensors: 1 << 20,
            name_bytes: (1 << 16) - 1,
            text_bytes: 1 << 24,
            items: 1 << 24,
            depth: 4,
            alignment: 1 << 20,
        }
    }
}
