//! A run of quants under one scale and one minimum.

/// What is added where there is no minimum: adding it changes no bit of any float.
pub(super) const NOTHING: f32 = -0.0;

/// How quants become values: `((byte >> shift & mask) + offset) * d + m`.
#[derive(Clone, Copy)]
pub(super) struct Line {
    /// Where in its byte a quant begins.
    pub(super) shift: u32,
    /// Its bits.
    pub(super) mask: i32,
    /// What is added to it.
    pub(super) offset: i32,
    /// The scale.
    pub(super) d: f32,
    /// What is added to the product.
    pub(super) m: f32,
}

impl Line {
    /// Decodes a quant from each byte. Not inlined: where the number of quants is known, the loop is unrolled before it is made to work on
    /// several at a time, and seven times slower.
    #[inline(never)]
    pub(super) fn decode(self, quants: &[u8], values: &mut [f32]) {
        for (value, quant) in values.iter_mut().zip(quants) {
            *value = float((i32::from(*quant) >> self.shift & self.mask) + self.offset) * self.d
                + self.m;
        }
    }

    /// The same, with `set` added to the quants whose `bit` is set in their byte of `bits`.
    #[inline(never)]
    pub(super) fn decode_with(
        self,
        quants: &[u8],
        (bits, bit, set): (&[u8], u8, i32),
        values: &mut [f32],
    ) {
        for ((value, quant), bits) in values.iter_mut().zip(quants).zip(bits) {
            let more = if bits & bit == 0 { 0 } else { set };
            *value = float((i32::from(*quant) >> self.shift & self.mask) + self.offset + more)
                * self.d
                + self.m;
        }
    }
}

/// Exact, since quants have a few bits. By way of 32 bits, which processors convert several at a time.
#[inline]
pub(super) const fn float(quant: i32) -> f32 {
    quant as f32
}
