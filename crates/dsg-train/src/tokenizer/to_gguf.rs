//! The tokenizer of a folder as the keys `tokenizer.*` of a GGUF file, under the names and in the order of llama.cpp's converter.

use std::collections::HashMap;
use std::path::Path;

use dsg_gguf::RawValue;
use serde_json::{Map, Value};

use super::file::{Added, Merge, TokenizerFile};
use super::vocabulary::Kind;
use super::{END_TEXTS, Specials, Tokenizer, bpe, spm};
use crate::error::TrainError;
use crate::export::ExportNote;
use crate::source::read_object;
use crate::template::{ChatTemplate, Message, RenderOptions};

/// Characters of a file's JSON in an error.
const MOST_QUOTED: usize = 200;
/// Ends a message that goes on with the answer of a tool: no turn, for llama.cpp.
const END_OF_MESSAGE: &str = "<|eom_id|>";
/// What an assistant says in a chat that shows what a template writes behind it.
const ANSWER: &str = "An answer.";

/// What a GGUF file holds of a tokenizer.
pub(crate) struct TokenizerKeys {
    pub(crate) keys: Vec<(String, RawValue<'static>)>,
    pub(crate) notes: Vec<ExportNote>,
}

impl TokenizerKeys {
    /// The keys of the tokenizer in `folder`, of which `tokenizer` was made, for an embedding of `rows` rows.
    ///
    /// # Errors
    /// [`TrainError::Format`] and [`TrainError::Tokenizer`] for tokenizers that a GGUF file cannot describe so that llama.cpp tokenizes the same.
    pub(crate) fn of_folder(
        folder: &Path,
        tokenizer: &Tokenizer,
        rows: usize,
        template: Option<&ChatTemplate>,
    ) -> Result<Self, TrainError> {
        let config = read_object(&folder.join("config.json"), "configuration")?;
        let path = folder.join("tokenizer.json");
        let file = TokenizerFile::read(&path)?;
        let mut writer = Writer {
            path: &path,
            file: &file,
            keys: Vec::new(),
            notes: Vec::new(),
        };
        if file.model.byte_fallback {
            writer.pieces(rows)?;
        } else {
            writer.byte_level(rows)?;
        }
        let turn = template.and_then(|template| end_of_turn(tokenizer, template));
        writer.specials(tokenizer, rows, &config, turn);
        if let Some(template) = template {
            writer.add("tokenizer.chat_template", template.source());
        }
        if file.model.byte_fallback {
            let prefix = spm::adds_prefix(&file).unwrap_or_default();
            writer.add("tokenizer.ggml.add_space_prefix", prefix);
        }
        Ok(Self {
            keys: writer.keys,
            notes: writer.notes,
        })
    }
}

struct Writer<'a> {
    path: &'a Path,
    file: &'a TokenizerFile,
    keys: Vec<(String, RawValue<'static>)>,
    notes: Vec<ExportNote>,
}

impl Writer<'_> {
    fn add(&mut self, key: &str, value: impl Into<RawValue<'static>>) {
        self.keys.push((key.to_owned(), value.into()));
    }

    fn fail(&self, problem: String) -> TrainError {
        TrainError::Tokenizer {
            path: self.path.to_path_buf(),
            problem,
        }
    }

    /// `gpt2`: byte-level BPE, with its merges.
    fn byte_level(&mut self, rows: usize) -> Result<(), TrainError> {
        let file = self.file;
        let pre = bpe::name_of(file.pre_tokenizer.as_ref(), file.model.ignore_merges)
            .ok_or_else(|| {
                self.fail(format!(
                    "`pre_tokenizer` cuts texts in a way that has no known name in GGUF files: {}{}",
                    quoted(file.pre_tokenizer.as_ref()),
                    if file.model.ignore_merges { ", with `ignore_merges`" } else { "" },
                ))
            })?;
        match file.normalizer.as_ref() {
            None => {}
            Some(normalizer) if normalizer.get("type").is_some_and(|kind| kind == "NFC") => {
                self.notes.push(ExportNote::Unnormalized);
            }
            other => {
                let other = quoted(other);
                return Err(self.fail(format!(
                    "llama.cpp knows no such `normalizer` for byte-level BPE: {other}"
                )));
            }
        }
        let (tokens, kinds) = self.tokens(rows, |_| Kind::Normal);
        self.add("tokenizer.ggml.model", "gpt2");
        self.add("tokenizer.ggml.pre", pre);
        self.lists(&tokens, &kinds, None);
        let merges = self.merges()?;
        let texts: Vec<String> = merges
            .iter()
            .map(|(left, right)| format!("{left} {right}"))
            .collect();
        let list = RawValue::array(texts.iter().map(String::as_str));
        self.add("tokenizer.ggml.merges", list);
        Ok(())
    }

    /// `llama`: SentencePiece, whose scores stand for the order of merges.
    fn pieces(&mut self, rows: usize) -> Result<(), TrainError> {
        let file = self.file;
        if spm::adds_prefix(file).is_none() {
            return Err(self.fail(format!(
                "it does not treat spaces as SentencePiece does: `normalizer` is {}, `pre_tokenizer` is {}",
                quoted(file.normalizer.as_ref()),
                quoted(file.pre_tokenizer.as_ref()),
            )));
        }
        let unknown = file.model.unk_token.as_deref();
        let (tokens, kinds) = self.tokens(rows, |token| {
            if Some(token) == unknown {
                Kind::Unknown
            } else if spm::is_byte(token) {
                Kind::Byte
            } else {
                Kind::Normal
            }
        });
        let merges = self.merges()?;
        // Exact up to 2^24 merges. What no merge makes comes last.
        let score = |rank: usize| -(rank as f32);
        let last = score(merges.len());
        let mut made: HashMap<String, f32> = HashMap::new();
        for (rank, (left, right)) in merges.into_iter().enumerate() {
            made.entry(format!("{left}{right}")).or_insert(score(rank));
        }
        let scores: Vec<f32> = tokens
            .iter()
            .map(|token| made.get(token).copied().unwrap_or(last))
            .collect();
        self.add("tokenizer.ggml.model", "llama");
        self.add("tokenizer.ggml.pre", "default");
        self.lists(&tokens, &kinds, Some(&scores));
        Ok(())
    }

    fn merges(&self) -> Result<Vec<(&str, &str)>, TrainError> {
        let merges = &self.file.model.merges;
        let pair = |(number, merge): (usize, &Merge)| {
            // A GGUF file has a space between the two sides.
            let spaced = !self.file.model.byte_fallback;
            let sound = |side: &str| !(side.is_empty() || spaced && side.contains(' '));
            match merge.sides() {
                Some((left, right)) if sound(left) && sound(right) => Ok(()),
                _ => Err(self.fail(format!("merge {number} is no pair of tokens: {merge:?}"))),
            }
        };
        merges.iter().enumerate().try_for_each(pair)?;
        Ok(merges.iter().filter_map(Merge::sides).collect())
    }

    /// Token and kind of each row of the embedding. `kind` is that of tokens that no list of added ones has.
    fn tokens(&mut self, rows: usize, kind: impl Fn(&str) -> Kind) -> (Vec<String>, Vec<Kind>) {
        let file = self.file;
        let mut slots: Vec<Option<(String, Kind)>> = vec![None; rows];
        let mut beyond = 0_usize;
        let mut put = |id: u32, token: String, kind: Kind| match usize::try_from(id)
            .ok()
            .and_then(|id| slots.get_mut(id))
        {
            Some(slot) => *slot = Some((token, kind)),
            None => beyond += 1,
        };
        for (token, id) in &file.model.vocab {
            put(*id, token.clone(), kind(token));
        }
        for added in &file.added_tokens {
            let (token, kind) = added_token(added, kind(&added.content));
            put(added.id, token, kind);
        }
        let padded = slots.iter().filter(|slot| slot.is_none()).count();
        if padded > 0 {
            self.notes.push(ExportNote::Padded { rows: padded });
        }
        if beyond > 0 {
            self.notes.push(ExportNote::LeftOut { tokens: beyond });
        }
        let named = slots
            .into_iter()
            .enumerate()
            .map(|(id, slot)| slot.unwrap_or_else(|| (format!("[PAD{id}]"), Kind::Unused)));
        named.unzip()
    }

    fn lists(&mut self, tokens: &[String], kinds: &[Kind], scores: Option<&[f32]>) {
        let texts = RawValue::array(tokens.iter().map(String::as_str));
        self.add("tokenizer.ggml.tokens", texts);
        if let Some(scores) = scores {
            let scores = RawValue::array(scores.iter().copied());
            self.add("tokenizer.ggml.scores", scores);
        }
        let kinds = RawValue::array(kinds.iter().map(|kind| kind.number()));
        self.add("tokenizer.ggml.token_type", kinds);
    }

    /// The tokens that begin and end texts and turns, and whether they are added. What `tokenizer_config.json` does not name is what `config.json`
    /// says, as for llama.cpp's converter. `turn` ends the assistant's turns.
    fn specials(
        &mut self,
        tokenizer: &Tokenizer,
        rows: usize,
        config: &Map<String, Value>,
        turn: Option<u32>,
    ) {
        let texts = tokenizer.special_texts();
        let in_rows = |id: &u32| usize::try_from(*id).is_ok_and(|id| id < rows);
        let id = |text: &Option<String>| tokenizer.id(text.as_deref()?).filter(in_rows);
        let configured = |key: &str| {
            let id = u32::try_from(config.get(key)?.as_u64()?).ok();
            id.filter(in_rows)
        };
        let bos = id(&texts.bos)
            .or(tokenizer.bos())
            .or_else(|| configured("bos_token_id"));
        let ends = tokenizer.ends();
        let eos = id(&texts.eos)
            .or_else(|| configured("eos_token_id"))
            .or(ends.first().copied());
        let eom = tokenizer
            .id(END_OF_MESSAGE)
            .filter(|id| ends.contains(id) && Some(*id) != eos);
        let is_known = |id: &u32| {
            let text = tokenizer.token(*id).unwrap_or_default();
            END_TEXTS.contains(&text.as_str())
        };
        // llama.cpp finds the others that it knows by their text.
        let unknown_end = || {
            let mut others = ends.iter().copied();
            others.find(|end| ![eos, eom].contains(&Some(*end)) && !is_known(end))
        };
        let eot = turn
            .filter(|turn| ![eos, eom].contains(&Some(*turn)))
            .or_else(unknown_end);
        let unknown = id(&texts.unk).or_else(|| id(&self.file.model.unk_token));
        let pad = id(&texts.pad).or_else(|| configured("pad_token_id"));
        for (key, id) in [
            ("bos", bos),
            ("eos", eos),
            ("eot", eot),
            ("eom", eom),
            ("unknown", unknown),
            ("padding", pad),
        ] {
            if let Some(id) = id {
                self.add(&format!("tokenizer.ggml.{key}_token_id"), id);
            }
        }
        let adds_bos = tokenizer.bos().is_some();
        self.add("tokenizer.ggml.add_bos_token", adds_bos);
        self.add("tokenizer.ggml.add_eos_token", tokenizer.adds_end());
    }
}

/// The token of end that a template writes behind what an assistant says.
fn end_of_turn(tokenizer: &Tokenizer, template: &ChatTemplate) -> Option<u32> {
    let chat = [
        Message::new("user", "A question."),
        Message::new("assistant", ANSWER),
    ];
    let text = template.render(&chat, &RenderOptions::whole()).ok()?;
    let (_, behind) = text.rsplit_once(ANSWER)?;
    let ids = tokenizer.encode(behind, Specials::Parse).ok()?;
    ids.into_iter().find(|id| tokenizer.ends().contains(id))
}

/// An added token as llama.cpp takes it from texts.
fn added_token(added: &Added, kind: Kind) -> (String, Kind) {
    let text = &added.content;
    if kind == Kind::Unknown {
        (text.clone(), kind)
    } else if added.special || looks_special(text) {
        (text.clone(), Kind::Control)
    } else {
        // Taken from the text before spaces become what stands for them.
        (text.replace(spm::SPACE, " "), Kind::UserDefined)
    }
}

/// Tokens that control a model although their files do not say so; llama.cpp's converter has the same list.
fn looks_special(text: &str) -> bool {
    let between = |start: &str, end: &str| text.starts_with(start) && text.ends_with(end);
    matches!(text, "<pad>" | "<mask>" | "<2mass>" | "[@BOS@]")
        || between("<|", "|>")
        || between("<｜", "｜>")
        || between("<unused", ">")
}

fn quoted(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "null".to_owned(), Value::to_string);
    let mut quoted: String = text.chars().take(MOST_QUOTED).collect();
    if quoted.len() < text.len() {
        quoted.push('…');
    }
    quoted
}
