//! Quantized and back.

use dsg_gguf::{QuantError, TensorType, can_dequantize, can_quantize, dequantize, quantize};
use proptest::prelude::*;

/// The types that can be written, with the most that a value may be off, by the block's range.
const BOUNDS: [(TensorType, f32); 5] = [
    (TensorType::Q8_0, 0.51 / 127.0),
    (TensorType::Q5_0, 1.01 / 16.0),
    (TensorType::Q5_1, 0.51 * 2.0 / 31.0),
    (TensorType::Q4_0, 1.01 / 8.0),
    (TensorType::Q4_1, 0.51 * 2.0 / 15.0),
];

fn there_and_back(kind: TensorType, values: &[f32]) -> Result<Vec<f32>, QuantError> {
    let size = kind.bytes_of(values.len() as u64).unwrap();
    let mut bytes = vec![0; size as usize];
    quantize(kind, values, &mut bytes)?;
    let mut back = vec![0.0; values.len()];
    dequantize(kind, &bytes, &mut back)?;
    Ok(back)
}

fn block() -> impl Strategy<Value = Vec<f32>> {
    let scale = prop_oneof![Just(1e-3_f32), Just(1.0), Just(100.0)];
    (prop::collection::vec(-1.0_f32..1.0, 64), scale)
        .prop_map(|(values, scale)| values.iter().map(|value| value * scale).collect())
}

proptest! {
    #[test]
    fn no_value_is_further_off_than_its_type_allows(values in block()) {
        for (kind, bound) in BOUNDS {
            let back = there_and_back(kind, &values).unwrap();
            for (values, back) in values.chunks(32).zip(back.chunks(32)) {
                let peak = values.iter().fold(0.0_f32, |peak, value| peak.max(value.abs()));
                // Scale and minimum are of half precision, too: 11 bits, or steps of 2^-24, times up to 127 quants.
                let allowed = peak * (bound + 3.0 / 2048.0) + 127.0 / f32::from_bits(0x4c00_0000);
                for (value, back) in values.iter().zip(back) {
                    prop_assert!((value - back).abs() <= allowed, "{} {} {}", kind, value, back);
                }
            }
        }
    }

    #[test]
    fn any_floats_are_quantized_or_refused(bits in prop::collection::vec(any::<u32>(), 64)) {
        let values: Vec<f32> = bits.into_iter().map(f32::from_bits).collect();
        for kind in TensorType::ALL.iter().filter(|kind| can_quantize(**kind)) {
            match there_and_back(*kind, &values) {
                Ok(_) | Err(QuantError::NotFinite { .. } | QuantError::Scale { .. }) => {}
                Err(error) => prop_assert!(false, "{error}"),
            }
        }
        let exact = there_and_back(TensorType::F32, &values).unwrap();
        for (value, back) in values.iter().zip(&exact) {
            prop_assert_eq!(value.to_bits(), back.to_bits());
        }
    }

    #[test]
    fn any_bytes_are_values(bytes in prop::collection::vec(any::<u8>(), 292)) {
        for kind in TensorType::ALL {
            let Some(bytes) = bytes.get(..kind.block_bytes()) else { continue };
            let mut values = vec![0.0; kind.block_values()];
            let result = dequantize(*kind, bytes, &mut values);
            prop_assert_eq!(result.is_ok(), can_dequantize(*kind));
        }
    }

    #[test]
    fn values_that_were_stored_once_are_stored_the_same_again(values in block()) {
        for kind in [TensorType::F16, TensorType::Bf16] {
            let once = there_and_back(kind, &values).unwrap();
            prop_assert_eq!(&there_and_back(kind, &once).unwrap(), &once);
        }
    }
}

#[test]
fn blocks_are_as_ggml_lays_them_out() {
    let mut values = [0.0_f32; 32];
    values[0] = -4.0;
    values[1] = 2.0;
    values[16] = 3.75;
    // A scale of 0.5: 2 is 4 steps above the middle, 3.75 as many as there are.
    let mut bytes = [0; 18];
    quantize(TensorType::Q4_0, &values, &mut bytes).unwrap();
    assert_eq!(bytes[..4], [0x00, 0x38, 0xf0, 0x8c]);
    assert!(bytes[4..].iter().all(|byte| *byte == 0x88));
    // Halves are rounded away from zero.
    let mut values = [0.0_f32; 32];
    values[0] = 127.0;
    values[1] = 2.5;
    values[2] = -2.5;
    values[3] = 0.499_999_97;
    let mut bytes = [0; 34];
    quantize(TensorType::Q8_0, &values, &mut bytes).unwrap();
    assert_eq!(bytes[..6], [0x00, 0x3c, 127, 3, 253, 0]);
}

#[test]
fn what_blocks_cannot_hold_is_named() {
    let mut values = [1.0_f32; 64];
    values[40] = f32::NAN;
    let kind = TensorType::Q8_0;
    let error = there_and_back(kind, &values).unwrap_err();
    assert_eq!(error, QuantError::NotFinite { kind, index: 32 });
    values[40] = 1e30;
    let error = there_and_back(kind, &values).unwrap_err();
    assert_eq!(error, QuantError::Scale { kind, index: 32 });
    assert!(there_and_back(TensorType::F16, &values).unwrap()[40].is_infinite());
    let mut bytes = [0; 66];
    assert_eq!(
        dequantize(TensorType::Iq2Xxs, &bytes, &mut [0.0; 256]),
        Err(QuantError::Dequantize(TensorType::Iq2Xxs))
    );
    assert!(matches!(
        quantize(TensorType::Q4_0, &values, &mut bytes),
        Err(QuantError::Length { .. })
    ));
}
