//! From a model's chat template to one for Ollama.
//!
//! Ollama has templates of Go, model files have Jinja: no program translates the one into the other. Most models, though, speak one of a
//! few known formats. Which one is told by the control tokens in the template, and whether that is all of it by rendering a short chat
//! with the template and comparing.

use std::fmt::Write as _;

use dsg_core::chat_template::{NAME, environment};
use dsg_gguf::{Gguf, Value};
use minijinja::{Error, ErrorKind, Value as Jinja, context};

/// A format of chats that many models share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    ChatMl,
    Gemma,
    Llama3,
}

impl Family {
    const ALL: [Self; 3] = [Self::ChatMl, Self::Gemma, Self::Llama3];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::ChatMl => "ChatML",
            Self::Gemma => "Gemma",
            Self::Llama3 => "Llama 3",
        }
    }

    /// The token with which a turn begins.
    const fn opening(self) -> &'static str {
        match self {
            Self::ChatMl => "<|im_start|>",
            Self::Gemma => "<start_of_turn>",
            Self::Llama3 => "<|start_header_id|>",
        }
    }

    /// The token with which a turn ends.
    const fn ending(self) -> &'static str {
        match self {
            Self::ChatMl => "<|im_end|>",
            Self::Gemma => "<end_of_turn>",
            Self::Llama3 => "<|eot_id|>",
        }
    }

    /// The family's template for Ollama.
    const fn ollama(self) -> &'static str {
        match self {
            Self::ChatMl => include_str!("files/ollama/chatml.gotmpl"),
            Self::Gemma => include_str!("files/ollama/gemma.gotmpl"),
            Self::Llama3 => include_str!("files/ollama/llama3.gotmpl"),
        }
    }

    /// A chat as the family's models read it, up to the reply that is asked for: what [`ollama`](Self::ollama) gives.
    fn render(self, chat: &[Turn]) -> String {
        let mut text = String::new();
        match self {
            Self::ChatMl => {
                for (role, content) in chat {
                    let _ = writeln!(text, "<|im_start|>{role}\n{content}<|im_end|>");
                }
                text.push_str("<|im_start|>assistant\n");
            }
            Self::Gemma => {
                let mut system = String::new();
                for (role, content) in chat {
                    let role = match *role {
                        "system" => {
                            system = format!("{content}\n\n");
                            continue;
                        }
                        "assistant" => "model",
                        role => role,
                    };
                    let system = std::mem::take(&mut system);
                    let _ = writeln!(
                        text,
                        "<start_of_turn>{role}\n{system}{content}<end_of_turn>"
                    );
                }
                text.push_str("<start_of_turn>model\n");
            }
            Self::Llama3 => {
                for (role, content) in chat {
                    let _ = write!(
                        text,
                        "<|start_header_id|>{role}<|end_header_id|>\n\n{content}<|eot_id|>"
                    );
                }
                text.push_str("<|start_header_id|>assistant<|end_header_id|>\n\n");
            }
        }
        text
    }

    /// The text of a system message that stands alone, as a template writes it that has one of its own.
    fn system(self, text: &str) -> Option<&str> {
        let (before, after) = match self {
            Self::ChatMl => ("<|im_start|>system\n", "<|im_end|>\n"),
            Self::Gemma => return None,
            Self::Llama3 => (
                "<|start_header_id|>system<|end_header_id|>\n\n",
                "<|eot_id|>",
            ),
        };
        text.strip_prefix(before)?.strip_suffix(after)
    }
}

/// Role and content.
type Turn = (&'static str, &'static str);

const QUESTION: [Turn; 1] = [("user", "Which queue takes short jobs?")];
const TALK: [Turn; 4] = [
    ("system", "Answer from the documents."),
    ("user", "Which queue takes short jobs?"),
    ("assistant", "The queue `short`."),
    ("user", "For how long?"),
];

/// What Ollama is told about a model's chats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chat {
    /// Whether the file has a chat template.
    pub(crate) has_template: bool,
    pub(crate) family: Option<Family>,
    /// The template for Ollama; without one, it looks for one by itself.
    pub(crate) ollama: Option<&'static str>,
    /// Whether that was compared with the model's own.
    pub(crate) is_compared: bool,
    /// The system message that the model's template puts in where there is none.
    pub(crate) system: Option<String>,
    /// Tokens that end a reply.
    pub(crate) stops: Vec<String>,
    /// What whoever uses the bundle should know.
    pub(crate) notes: Vec<String>,
}

impl Chat {
    /// Reads template and tokens of a model's file.
    pub(crate) fn of(file: &Gguf) -> Self {
        let template = file.text("tokenizer.chat_template").unwrap_or_default();
        let bos = token(file, "tokenizer.ggml.bos_token_id").unwrap_or_default();
        let eos = token(file, "tokenizer.ggml.eos_token_id").unwrap_or_default();
        let mut chat = Self::known(template, &bos, &eos);
        let ending = chat.family.map(|family| family.ending().to_owned());
        let eot = token(file, "tokenizer.ggml.eot_token_id");
        for stop in ending.into_iter().chain([eos]).chain(eot) {
            // In the Modelfile a stop stands between quotes.
            let plain = !stop.is_empty() && !stop.contains(|c: char| c == '"' || c.is_control());
            if plain && !chat.stops.contains(&stop) {
                chat.stops.push(stop);
            }
        }
        chat
    }

    fn known(template: &str, bos: &str, eos: &str) -> Self {
        let mut chat = Self {
            has_template: !template.is_empty(),
            ..Self::default()
        };
        if template.is_empty() {
            chat.notes.push(
                "The model has no chat template: it is a base model, which goes on with a text instead of answering a question. \
                 `run-decoder` hands it the text as it is, and the Modelfile has no template."
                    .to_owned(),
            );
            return chat;
        }
        let speaks = |family: &Family| template.contains(family.opening());
        let Some(family) = Family::ALL.into_iter().find(speaks) else {
            chat.notes.push(
                "The model's chat template is of no family that dsg knows, so the Modelfile has no template. Ollama looks for one by \
                 itself; compare what it takes (`ollama show --template`) with the model's own before you trust its answers. The \
                 scripts of this folder use the model's own."
                    .to_owned(),
            );
            return chat;
        };
        chat.family = Some(family);
        match compare(family, template, bos, eos) {
            Ok(Compared::Same { system, refusal }) => {
                chat.ollama = Some(family.ollama());
                chat.is_compared = true;
                chat.system = system;
                chat.notes.extend(refusal.map(|error| {
                    format!(
                        "The model's chat template refuses a system message ({error}), so that it was compared without one. The Modelfile's \
                         takes one, which the model was not trained with: put instructions into the question."
                    )
                }));
            }
            Ok(Compared::Differs) => chat.notes.push(format!(
                "The model's chat template looks like {} but writes a chat in another way, so the Modelfile has no template. Ollama looks \
                 for one by itself; the scripts of this folder use the model's own.",
                family.title()
            )),
            Err(error) if error.kind() == ErrorKind::SyntaxError => chat.notes.push(format!(
                "The model's chat template looks like {} but is no valid Jinja ({error}), so the Modelfile has no template. Ollama looks for \
                 one by itself; the scripts of this folder leave the model's own to llama.cpp.",
                family.title()
            )),
            Err(error) => {
                chat.ollama = Some(family.ollama());
                chat.notes.push(format!(
                    "The Modelfile has the template of {}, told by its control tokens. Whether the model's own says the same could not be \
                     tried: {error}.",
                    family.title()
                ));
            }
        }
        chat
    }
}

enum Compared {
    Same {
        /// A system message of the template's own, where there is none in the chat.
        system: Option<String>,
        /// Why the template takes none in a chat, if it takes none.
        refusal: Option<Error>,
    },
    Differs,
}

/// Renders two chats with the model's template and as its family writes them. A template that cannot render the one with a system message has it
/// without.
fn compare(family: Family, template: &str, bos: &str, eos: &str) -> Result<Compared, Error> {
    let env = environment(template)?;
    let render = |chat: &[Turn]| -> Result<String, Error> {
        let messages: Jinja = chat
            .iter()
            .map(|(role, content)| context! { role => *role, content => *content })
            .collect();
        let text = env.get_template(NAME)?.render(context! {
            messages,
            add_generation_prompt => true,
            bos_token => bos,
            eos_token => eos,
        })?;
        // Ollama begins with this token by itself; some models begin with that of a turn.
        let bos = if bos == family.opening() { "" } else { bos };
        Ok(text.strip_prefix(bos).unwrap_or(&text).to_owned())
    };
    let refusal = match render(&TALK) {
        Ok(text) if text != family.render(&TALK) => return Ok(Compared::Differs),
        Ok(_) => None,
        Err(error) => {
            let [_, talk @ ..] = &TALK;
            match render(talk) {
                Ok(text) if text == family.render(talk) => Some(error),
                Ok(_) => return Ok(Compared::Differs),
                // Then it was not the system message.
                Err(_) => return Err(error),
            }
        }
    };
    let alone = render(&QUESTION)?;
    let system = match alone.strip_suffix(&family.render(&QUESTION)) {
        Some("") => None,
        // A text ends at the next three quotes in a Modelfile.
        Some(before) => match family
            .system(before)
            .filter(|text| !text.contains("\"\"\""))
        {
            Some(system) => Some(system.to_owned()),
            None => return Ok(Compared::Differs),
        },
        None => return Ok(Compared::Differs),
    };
    Ok(Compared::Same { system, refusal })
}

/// The text of the token that a key names.
fn token(file: &Gguf, key: &str) -> Option<String> {
    let id = usize::try_from(file.number(key)?).ok()?;
    let Value::Array(tokens) = file.value("tokenizer.ggml.tokens")? else {
        return None;
    };
    Some(tokens.iter().nth(id)?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHATML: &str = "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}\
        {% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    #[test]
    fn a_template_that_says_the_same_gets_that_of_its_family() {
        let chat = Chat::known(CHATML, "", "");
        assert_eq!((chat.family, chat.system), (Some(Family::ChatMl), None));
        assert_eq!(chat.ollama, Some(Family::ChatMl.ollama()));
        assert!(chat.notes.is_empty());
    }

    #[test]
    fn a_system_message_of_the_templates_own_is_kept() {
        let own = format!(
            "{{% if messages[0]['role'] != 'system' %}}{{{{ '<|im_start|>system\nBe brief.<|im_end|>\n' }}}}{{% endif %}}{CHATML}"
        );
        let chat = Chat::known(&own, "", "");
        assert_eq!(chat.system.as_deref(), Some("Be brief."));
        assert_eq!(chat.ollama, Some(Family::ChatMl.ollama()));
    }

    #[test]
    fn a_first_token_that_opens_a_turn_stays() {
        let chat = Chat::known(CHATML, "<|im_start|>", "<|im_end|>");
        assert_eq!(chat.ollama, Some(Family::ChatMl.ollama()));
    }

    #[test]
    fn a_system_message_of_gemma_goes_before_the_first_question() {
        let gemma = "{{ bos_token }}{% if messages[0].role == 'system' %}{% set first = messages[0].content + '\n\n' %}\
            {% set rest = messages[1:] %}{% else %}{% set first = '' %}{% set rest = messages %}{% endif %}\
            {% for m in rest %}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n\
            {{ (first if loop.first else '') + m.content | trim }}<end_of_turn>\n{% endfor %}\
            {% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}";
        let chat = Chat::known(gemma, "<bos>", "<eos>");
        assert_eq!(chat.family, Some(Family::Gemma));
        assert_eq!(
            chat.ollama,
            Some(Family::Gemma.ollama()),
            "{:?}",
            chat.notes
        );
    }

    #[test]
    fn what_says_more_than_its_family_gets_no_template_but_a_note() {
        let dated = CHATML.replace("+ m['content']", "+ 'Today: ' + m['content']");
        let chat = Chat::known(&dated, "", "");
        assert_eq!((chat.family, chat.ollama), (Some(Family::ChatMl), None));
        assert!(chat.notes.concat().contains("in another way"));
        for (template, says) in [("", "base model"), ("{{ messages }}", "no family")] {
            let chat = Chat::known(template, "", "");
            assert_eq!((chat.family, chat.ollama), (None, None));
            assert!(chat.notes.concat().contains(says));
        }
    }

    #[test]
    fn a_template_that_refuses_a_system_message_is_compared_without_one() {
        let strict = format!(
            "{{% if messages[0].role == 'system' %}}{{{{ raise_exception('System role not supported') }}}}{{% endif %}}{CHATML}"
        );
        let chat = Chat::known(&strict, "", "");
        assert_eq!(chat.ollama, Some(Family::ChatMl.ollama()));
        assert!(chat.is_compared);
        let notes = chat.notes.concat();
        assert!(notes.contains("System role not supported"), "{notes}");
        let dated = strict.replace("+ m['content']", "+ 'Today: ' + m['content']");
        assert_eq!(Chat::known(&dated, "", "").ollama, None);
    }

    #[test]
    fn what_is_no_jinja_gets_no_template() {
        let chat = Chat::known("{% for %}<|im_start|>", "", "");
        assert_eq!((chat.family, chat.ollama), (Some(Family::ChatMl), None));
        let notes = chat.notes.concat();
        assert!(notes.contains("no valid Jinja"), "{notes}");
    }

    #[test]
    fn what_transformers_adds_to_jinja_is_known() {
        let marked = CHATML.replace("m['content']", "(m['content'] | tojson)[1:-1] + ''.strip()");
        let marked = format!("{{% generation %}}{{% endgeneration %}}{marked}");
        let chat = Chat::known(&marked, "", "");
        assert_eq!(
            chat.ollama,
            Some(Family::ChatMl.ollama()),
            "{:?}",
            chat.notes
        );
    }

    #[test]
    fn a_template_that_cannot_be_tried_is_told_by_its_tokens_and_says_so() {
        let clock = format!("{{{{ strftime_now('%d') }}}}{CHATML}");
        let endless = format!(
            "{{% for a in range(100000) %}}{{% for b in range(100000) %}}{{% endfor %}}{{% endfor %}}{CHATML}"
        );
        for template in [clock, endless] {
            let chat = Chat::known(&template, "", "");
            assert_eq!(chat.ollama, Some(Family::ChatMl.ollama()));
            assert!(chat.notes.concat().contains("could not be tried"));
        }
    }
}
