//! What is written is read again.

use std::io::Write as _;

use dsg_gguf::{Gguf, GgufWriter, RawValue, TensorInfo, TensorType, Value};
use proptest::prelude::*;

use crate::scene::{folder, model, values, write};

#[test]
fn keys_and_tensors_come_back_in_their_order() {
    let (_folder, path) = folder();
    let plan = model(TensorType::F16);
    write(&plan, &path);
    let file = Gguf::open(&path).unwrap();
    assert_eq!((file.version(), file.alignment()), (3, 32));
    assert_eq!(file.text("general.name"), Some("tiny"));
    assert_eq!(file.number("llama.block_count"), Some(1));
    let names: Vec<_> = file.tensors().iter().map(TensorInfo::name).collect();
    assert_eq!(
        names,
        [
            "token_embd.weight",
            "output_norm.weight",
            "blk.0.attn_q.weight"
        ]
    );
    let norm = file.tensor("output_norm.weight").unwrap();
    assert_eq!(file.values(norm).unwrap(), values(64));

    let copy = path.with_file_name("copy.gguf");
    let mut writer = GgufWriter::new();
    writer.copy_keys(&file, |_| true).unwrap();
    for tensor in file.tensors() {
        writer
            .tensor(tensor.name(), tensor.kind(), tensor.shape())
            .unwrap();
    }
    writer
        .write(&copy, |tensor, out| {
            // In pieces, as a stream has them.
            let data = file.data(file.tensor(tensor.name()).unwrap());
            data.chunks(7).try_for_each(|piece| out.write_all(piece))
        })
        .unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&copy).unwrap());
}

#[test]
fn a_tensor_of_the_wrong_size_is_named_and_an_old_file_kept() {
    let (_folder, path) = folder();
    std::fs::write(&path, "old").unwrap();
    let plan = model(TensorType::F16);
    for (bytes, problem) in [(10, "bytes of it are missing"), (10_000, "too many")] {
        let error = plan
            .write(&path, |_, out| out.write_all(&vec![0; bytes]))
            .unwrap_err();
        let mut chain = Vec::new();
        let mut at: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = at {
            chain.push(error.to_string());
            at = error.source();
        }
        let text = chain.join("; ");
        assert!(
            text.contains("tiny.gguf")
                && text.contains("token_embd.weight")
                && text.contains(problem),
            "{text}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
    }
}

#[test]
fn a_plan_that_makes_no_file_is_refused() {
    let mut writer = GgufWriter::new();
    writer.key("a", 1_u32).unwrap();
    let problem = |result: Result<&mut GgufWriter, dsg_gguf::GgufError>| {
        let error = result.unwrap_err();
        std::error::Error::source(&error).unwrap().to_string()
    };
    assert_eq!(problem(writer.key("a", 2_u32)), "key `a` is there twice");
    assert!(problem(writer.key("", 2_u32)).contains("empty"));
    assert!(problem(writer.tensor("t", TensorType::Q4K, &[576, 2])).contains("[576, 2] as Q4_K"));
    assert!(problem(writer.tensor("t", TensorType::F32, &[1; 5])).contains("5 dimensions"));
    assert!(problem(writer.tensor("t", TensorType::F32, &[u64::MAX, 2])).contains("shape"));
    writer.tensor("t", TensorType::F32, &[1]).unwrap();
    writer.tensor("t", TensorType::F32, &[1]).unwrap();
    let (_folder, path) = folder();
    assert!(writer.write(&path, |_, _| Ok(())).is_err());
    assert!(!path.exists());

    let mut writer = GgufWriter::new();
    writer.key("general.alignment", 24_u32).unwrap();
    assert!(writer.write(&path, |_, _| Ok(())).is_err());
}

#[test]
fn alignment_follows_its_key() {
    let (_folder, path) = folder();
    let mut writer = GgufWriter::new();
    writer.key("general.alignment", 4096_u32).unwrap();
    writer
        .tensor("a", TensorType::F32, &[3])
        .unwrap()
        .tensor("b", TensorType::F32, &[1])
        .unwrap();
    write(&writer, &path);
    let file = Gguf::open(&path).unwrap();
    assert_eq!(file.data_start(), 4096);
    assert_eq!(file.tensor("b").unwrap().offset(), 4096);
    assert_eq!(file.size(), 3 * 4096);
}

fn value() -> impl Strategy<Value = RawValue<'static>> {
    let leaf = prop_oneof![
        any::<u8>().prop_map(RawValue::from),
        any::<i16>().prop_map(RawValue::from),
        any::<u32>().prop_map(RawValue::from),
        any::<i64>().prop_map(RawValue::from),
        any::<f32>().prop_map(RawValue::from),
        any::<f64>().prop_map(RawValue::from),
        any::<bool>().prop_map(RawValue::from),
        any::<String>().prop_map(|text| RawValue::from(text.as_str())),
        prop::collection::vec(any::<u8>(), 0..9).prop_map(|text| RawValue::from(text.as_slice())),
        prop::collection::vec(any::<i8>(), 0..9).prop_map(RawValue::array),
        prop::collection::vec(any::<bool>(), 0..9).prop_map(RawValue::array),
        prop::collection::vec(any::<String>(), 0..5)
            .prop_map(|texts| RawValue::array(texts.iter().map(String::as_str))),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop::collection::vec(inner, 0..4).prop_map(RawValue::array)
    })
}

fn type_and_shape() -> impl Strategy<Value = (TensorType, Vec<u64>)> {
    let kinds = prop::sample::select(TensorType::ALL);
    (kinds, prop::collection::vec(1_u64..4, 0..=4)).prop_map(|(kind, mut shape)| {
        match shape.first_mut() {
            Some(row) => *row *= kind.block_values() as u64,
            None if kind.block_values() > 1 => shape.push(kind.block_values() as u64),
            None => {}
        }
        (kind, shape)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_plan_is_read_as_it_was_made(
        values in prop::collection::vec(value(), 0..8),
        tensors in prop::collection::vec(type_and_shape(), 0..6),
        alignment in prop::option::of(3_u32..10),
    ) {
        let (_folder, path) = folder();
        let mut writer = GgufWriter::new();
        for (number, value) in values.iter().enumerate() {
            writer.key(format!("key.{number}"), value.clone()).unwrap();
        }
        if let Some(power) = alignment {
            writer.key("general.alignment", 1_u32 << power).unwrap();
        }
        for (number, (kind, shape)) in tensors.iter().enumerate() {
            writer.tensor(format!("tensor.{number}"), *kind, shape).unwrap();
        }
        let bytes = |tensor: &TensorInfo| -> Vec<u8> {
            (0..tensor.bytes()).map(|n| (n * 31 + tensor.name().len() as u64) as u8).collect()
        };
        writer.write(&path, |tensor, out| out.write_all(&bytes(tensor))).unwrap();

        let file = Gguf::open(&path).unwrap();
        prop_assert_eq!(file.keys().len(), values.len() + usize::from(alignment.is_some()));
        for (number, value) in values.iter().enumerate() {
            let read = file.raw(&format!("key.{number}")).unwrap();
            prop_assert_eq!(&read, value);
            // Floats that are no numbers equal nothing; their bytes were compared.
            let text = |value: Value<'_>| serde_json::to_string(&value).unwrap();
            prop_assert_eq!(text(read.decode()), text(value.decode()));
        }
        for (tensor, (kind, shape)) in file.tensors().iter().zip(&tensors) {
            prop_assert_eq!(tensor.kind(), *kind);
            prop_assert_eq!(tensor.shape(), shape.as_slice());
            prop_assert_eq!(tensor.values(), shape.iter().product::<u64>());
            prop_assert_eq!(file.data(tensor), bytes(tensor));
            prop_assert_eq!((file.data_start() + tensor.offset()) % u64::from(file.alignment()), 0);
        }
    }
}
