//! Two files beside each other.

use dsg_gguf::{Gguf, GgufWriter, KeyChange, TensorChange, TensorType, diff};

use crate::scene::{folder, model, write};

#[test]
fn a_quantized_copy_differs_by_little_and_says_how_much() {
    let (_folder, path) = folder();
    write(&model(TensorType::F32), &path);
    let left = Gguf::open(&path).unwrap();
    let mut last = 0.0;
    for kind in [
        TensorType::F16,
        TensorType::Q8_0,
        TensorType::Q5_1,
        TensorType::Q4_1,
    ] {
        let other = path.with_file_name("other.gguf");
        write(&model(kind), &other);
        let right = Gguf::open(&other).unwrap();
        let changes = diff(&left, &right);
        assert_eq!((changes.keys.len(), changes.same_tensors), (0, 1));
        let TensorChange::Values { distance, .. } = &changes.tensors[1].change else {
            panic!("{changes:?}");
        };
        assert!(
            distance.rmse > last && distance.relative < 0.1,
            "{kind} {distance:?}"
        );
        assert!(distance.max_abs >= distance.rmse && distance.not_finite == 0);
        last = distance.rmse;
    }
}

#[test]
fn keys_and_tensors_of_one_side_are_listed() {
    let (_folder, path) = folder();
    let plan = |key: &str, value: u32, tensor: &str, shape: &[u64]| {
        let mut writer = GgufWriter::new();
        writer.key("same", 1_u32).unwrap();
        writer.key("number", value).unwrap();
        writer.key(key, 1_u32).unwrap();
        writer.tensor(tensor, TensorType::F32, &[4]).unwrap();
        writer.tensor("shape", TensorType::F32, shape).unwrap();
        writer
    };
    write(&plan("left", 1, "a", &[4]), &path);
    let other = path.with_file_name("other.gguf");
    write(&plan("right", 2, "b", &[2, 2]), &other);
    let changes = diff(&Gguf::open(&path).unwrap(), &Gguf::open(&other).unwrap());
    let keys: Vec<_> = changes
        .keys
        .iter()
        .map(|key| (key.key.as_str(), key.change))
        .collect();
    assert_eq!(
        keys,
        [
            ("number", KeyChange::Value),
            ("left", KeyChange::OnlyLeft),
            ("right", KeyChange::OnlyRight)
        ]
    );
    let json = serde_json::to_string(&changes.tensors).unwrap();
    assert_eq!(
        json,
        r#"[{"name":"a","change":"only_left"},{"name":"shape","change":"shape","left":[4],"right":[2,2]},{"name":"b","change":"only_right"}]"#
    );
}
