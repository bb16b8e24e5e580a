//! A model's own chat template: Jinja, as transformers renders it, by `minijinja`.

mod date;

use std::fmt;

use dsg_core::chat_template::{NAME, environment};
use minijinja::value::{Kwargs, Serde};
use minijinja::{Environment, Error, Value, context};
use serde::{Deserialize, Serialize};

pub use date::Date;

use crate::error::TrainError;

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user` or `assistant`, and what else the template knows.
    pub role: String,
    /// The text.
    pub content: String,
}

impl Message {
    /// A message.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            role: role.into(),
            content: content.into(),
        }
    }
}

/// The texts of special tokens that templates name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in `tokenizer_config.json`, less `_token`")]
pub struct SpecialTexts {
    pub bos: Option<String>,
    pub eos: Option<String>,
    pub pad: Option<String>,
    pub unk: Option<String>,
}

/// How a chat is rendered.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RenderOptions {
    /// Whether the beginning of a reply is appended, for the model to go on. Default: no.
    pub add_generation_prompt: bool,
    /// What templates that name today's date take for it; without one they say what they say without a clock. Default: none.
    pub date: Option<Date>,
    /// Further variables, as `enable_thinking` of Qwen3. Default: none.
    pub variables: serde_json::Map<String, serde_json::Value>,
}

impl RenderOptions {
    /// For training: the whole chat and nothing more.
    pub fn whole() -> Self {
        Self::default()
    }

    /// For a reply: with the beginning of the assistant's turn.
    pub fn reply() -> Self {
        Self {
            add_generation_prompt: true,
            ..Self::default()
        }
    }
}

/// A chat template with the special tokens that it may name.
///
/// ```
/// use dsg_train::template::{ChatTemplate, Message, RenderOptions, SpecialTexts};
///
/// let source = "{% for m in messages %}<|{{ m.role }}|>{{ m['content'].strip() }}{{ eos_token }}\n{% endfor %}\
///     {% if add_generation_prompt %}<|assistant|>{% endif %}";
/// let tokens = SpecialTexts { eos: Some("</s>".to_owned()), ..SpecialTexts::default() };
/// let template = ChatTemplate::new(source, tokens)?;
/// let chat = [Message::new("user", " What is a node? ")];
/// assert_eq!(template.render(&chat, &RenderOptions::reply())?, "<|user|>What is a node?</s>\n<|assistant|>");
/// # Ok::<(), dsg_train::TrainError>(())
/// ```
pub struct ChatTemplate {
    environment: Environment<'static>,
    source: String,
    tokens: SpecialTexts,
}

impl ChatTemplate {
    /// The template in `source`.
    ///
    /// # Errors
    /// [`TrainError::Template`] for what is no valid Jinja.
    pub fn new(source: &str, tokens: SpecialTexts) -> Result<Self, TrainError> {
        Ok(Self {
            environment: environment(source).map_err(|error| problem(&error))?,
            source: source.to_owned(),
            tokens,
        })
    }

    /// The template itself.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The chat as the text that the model was trained on. Contains the token of the beginning where the template writes it, so that it is
    /// tokenized without adding another.
    ///
    /// # Errors
    /// [`TrainError::Template`] when the template refuses the chat or fails.
    pub fn render(
        &self,
        messages: &[Message],
        options: &RenderOptions,
    ) -> Result<String, TrainError> {
        let template = self
            .environment
            .get_template(NAME)
            .map_err(|error| problem(&error))?;
        let text = |token: &Option<String>| token.clone().map(Value::from).unwrap_or_default();
        let clock = options
            .date
            .map(|date| Value::from_function(move |format: &str, _: Kwargs| date.format(format)));
        let fixed = context! {
            messages => Value::from(Serde(messages)),
            add_generation_prompt => options.add_generation_prompt,
            bos_token => text(&self.tokens.bos),
            eos_token => text(&self.tokens.eos),
            pad_token => text(&self.tokens.pad),
            unk_token => text(&self.tokens.unk),
        };
        let clock = match clock {
            Some(clock) => context! { strftime_now => clock },
            None => context! {},
        };
        let variables = Value::from(Serde(&options.variables));
        template
            .render(context! { ..fixed, ..clock, ..variables })
            .map_err(|error| problem(&error))
    }
}

impl fmt::Debug for ChatTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatTemplate")
            .field("source", &self.source)
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}

fn problem(error: &Error) -> TrainError {
    let detail = error.detail().unwrap_or_default();
    let kind = error.kind();
    let line = error.line().map(|line| format!(", line {line}"));
    let line = line.unwrap_or_default();
    TrainError::Template {
        problem: if detail.is_empty() {
            format!("{kind}{line}")
        } else {
            format!("{detail}{line}")
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(source: &str, options: &RenderOptions) -> Result<String, String> {
        let tokens = SpecialTexts {
            bos: Some("<s>".to_owned()),
            ..SpecialTexts::default()
        };
        let chat = [
            Message::new("user", "  Was ist „ä“?\n"),
            Message::new("assistant", "x"),
        ];
        ChatTemplate::new(source, tokens)
            .and_then(|template| template.render(&chat, options))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn methods_of_python_are_known() {
        let source = "{{ bos_token }}{% for m in messages %}{{ m['content'].strip() }}|{{ m.get('role') }}\
            {% if m.role.startswith('us') and not loop.last %},{% endif %}{% endfor %}";
        let text = render(source, &RenderOptions::whole()).unwrap();
        assert_eq!(text, "<s>Was ist „ä“?|user,x|assistant");
    }

    #[test]
    fn blocks_are_trimmed_as_transformers_does() {
        let source = "{%- for m in messages %}\n    {% if m.role == 'user' %}\n[{{ m.role }}]\n    {% endif %}\n{% endfor %}";
        assert_eq!(render(source, &RenderOptions::whole()).unwrap(), "[user]\n");
    }

    #[test]
    fn loops_can_be_left_and_names_kept() {
        let source = "{% set ns = namespace(n=0) %}{% for m in messages[::-1] %}{% if m.role == 'user' %}{% break %}{% endif %}\
            {% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}{{ messages | length }}{{ messages[-1].role }}";
        assert_eq!(
            render(source, &RenderOptions::whole()).unwrap(),
            "12assistant"
        );
    }

    #[test]
    fn a_template_can_refuse_a_chat() {
        let source = "{% if messages[0].role != 'system' %}\n{{ raise_exception('System message first') }}{% endif %}";
        let error = render(source, &RenderOptions::whole()).unwrap_err();
        assert_eq!(
            error,
            "the model's chat template: System message first, line 2"
        );
        let error = render("{% if %}", &RenderOptions::whole()).unwrap_err();
        assert!(error.contains("line 1"), "{error}");
    }

    #[test]
    fn the_date_is_given_and_not_read_from_a_clock() {
        let source = "{% if strftime_now is defined %}{{ strftime_now('%d %b %Y') }}{% else %}26 Jul 2024{% endif %}";
        assert_eq!(
            render(source, &RenderOptions::whole()).unwrap(),
            "26 Jul 2024"
        );
        let mut options = RenderOptions::whole();
        options.date = Date::new(2026, 3, 9);
        assert_eq!(render(source, &options).unwrap(), "09 Mar 2026");
    }

    #[test]
    fn variables_and_json_are_those_of_transformers() {
        let mut options = RenderOptions::reply();
        let tool = serde_json::json!([{"name": "f", "a": ["<ä>", 1.0, null, true]}]);
        options.variables.insert("tools".to_owned(), tool);
        let source = "{% if add_generation_prompt %}{{ tools | tojson }}{% endif %}";
        assert_eq!(
            render(source, &options).unwrap(),
            r#"[{"name": "f", "a": ["<ä>", 1.0, null, true]}]"#
        );
        let source = "{{ tools | tojson(indent=2) }}";
        assert_eq!(
            render(source, &options).unwrap(),
            "[\n  {\n    \"name\": \"f\",\n    \"a\": [\n      \"<ä>\",\n      1.0,\n      null,\n      true\n    ]\n  }\n]"
        );
    }
}
