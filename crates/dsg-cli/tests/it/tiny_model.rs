//! A model that a test makes itself.

use std::fs;

use serde_json::{Value, json};

use crate::scene::Scene;

const TEMPLATE: &str = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}\
    {% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/// The characters that stand for bytes in the vocabularies of GPT-2 and its successors.
fn characters() -> Vec<char> {
    let printable = |byte: u32| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    let mut other = 256..;
    let place = |byte| {
        if printable(byte) {
            byte
        } else {
            other.next().unwrap()
        }
    };
    (0..256)
        .map(place)
        .map(|code| char::from_u32(code).unwrap())
        .collect()
}

/// A Llama of one block, random weights, a byte a token.
pub(crate) fn write_model(scene: &Scene) {
    let (width, inner, vocabulary) = (32_usize, 64_usize, 260_usize);
    let config = json!({
        "model_type": "llama", "vocab_size": vocabulary, "hidden_size": width, "intermediate_size": inner,
        "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128,
        "rms_norm_eps": 1e-6, "rope_theta": 10_000.0, "tie_word_embeddings": true, "hidden_act": "silu",
    });
    scene.write("base/config.json", &config.to_string());
    let mut ids: serde_json::Map<String, Value> = serde_json::Map::new();
    for (id, character) in characters().into_iter().enumerate() {
        ids.insert(character.to_string(), json!(id));
    }
    let special = |id: u32, text: &str| json!({"id": id, "content": text, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true});
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "post_processor": null,
        "added_tokens": [special(256, "<|im_start|>"), special(257, "<|im_end|>")],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
        "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null, "end_of_word_suffix": null,
            "fuse_unk": false, "byte_fallback": false, "vocab": ids, "merges": []},
    });
    scene.write("base/tokenizer.json", &tokenizer.to_string());
    let about = json!({"chat_template": TEMPLATE, "eos_token": "<|im_end|>", "tokenizer_class": "PreTrainedTokenizerFast"});
    scene.write("base/tokenizer_config.json", &about.to_string());

    let block = "model.layers.0";
    let shapes: [(String, Vec<usize>); 11] = [
        (
            "model.embed_tokens.weight".to_owned(),
            vec![vocabulary, width],
        ),
        ("model.norm.weight".to_owned(), vec![width]),
        (format!("{block}.input_layernorm.weight"), vec![width]),
        (
            format!("{block}.post_attention_layernorm.weight"),
            vec![width],
        ),
        (
            format!("{block}.self_attn.q_proj.weight"),
            vec![width, width],
        ),
        (
            format!("{block}.self_attn.k_proj.weight"),
            vec![width / 2, width],
        ),
        (
            format!("{block}.self_attn.v_proj.weight"),
            vec![width / 2, width],
        ),
        (
            format!("{block}.self_attn.o_proj.weight"),
            vec![width, width],
        ),
        (format!("{block}.mlp.gate_proj.weight"), vec![inner, width]),
        (format!("{block}.mlp.up_proj.weight"), vec![inner, width]),
        (format!("{block}.mlp.down_proj.weight"), vec![width, inner]),
    ];
    let mut header = serde_json::Map::new();
    let mut data: Vec<u8> = Vec::new();
    let mut state = 1_u32;
    for (name, shape) in shapes {
        let start = data.len();
        for _ in 0..shape.iter().product() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let unit = f64::from(state) / f64::from(u32::MAX) - 0.5;
            let value = if shape.len() == 1 { 1.0 } else { unit * 0.6 };
            #[allow(clippy::cast_possible_truncation, reason = "a random weight")]
            data.extend((value as f32).to_le_bytes());
        }
        header.insert(
            name,
            json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]}),
        );
    }
    let header = serde_json::to_vec(&header).unwrap();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend(data);
    fs::write(scene.path("base/model.safetensors"), file).unwrap();
}
