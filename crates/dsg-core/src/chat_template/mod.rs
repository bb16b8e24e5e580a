//! Models' own chat templates: Jinja as transformers sets it up, by `minijinja`. Training and export must read the same template alike.
//!
//! ```
//! use dsg_core::chat_template::{NAME, environment};
//! use minijinja::{Value, context};
//!
//! let source = "{% for m in messages %}<|{{ m.role }}|>{{ m['content'].strip() }}\n{% endfor %}";
//! let env = environment(source)?;
//! let messages = Value::from_iter([context! { role => "user", content => " What is a node? " }]);
//! let text = env.get_template(NAME)?.render(context! { messages })?;
//! assert_eq!(text, "<|user|>What is a node?\n");
//! # Ok::<(), minijinja::Error>(())
//! ```

mod json;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, Value};
use minijinja_contrib::pycompat::unknown_method_callback;

/// What the template is called in its environment.
pub const NAME: &str = "chat";
/// Steps of a rendering, so that a template that loops forever ends. Real ones take some thousands.
const MOST_STEPS: u64 = 10_000_000;

/// An environment with the template in `source`, called [`NAME`]: trimmed blocks, `break` and `continue`, methods of Python's strings and
/// dictionaries, `raise_exception`, `tojson` as `json.dumps` writes it. It has no clock; who has a date brings `strftime_now`. A rendering takes ten
/// million steps at most.
///
/// # Errors
/// What is no valid Jinja.
pub fn environment(source: &str) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()?;
    environment.set_syntax(syntax);
    environment.set_fuel(Some(MOST_STEPS));
    environment.set_unknown_method_callback(unknown_method_callback);
    environment.add_filter("tojson", json::to_json);
    environment.add_function(
        "raise_exception",
        |message: String| -> Result<Value, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, message))
        },
    );
    environment.add_template_owned(NAME, without_generation_marks(source))?;
    Ok(environment)
}

/// `{% generation %}` marks what a model says, for trainers that make masks of it; here it would be an unknown statement.
fn without_generation_marks(source: &str) -> String {
    let mut rest = source;
    let mut result = String::with_capacity(source.len());
    while let Some((before, behind)) = rest.split_once("{%") {
        result.push_str(before);
        match behind.split_once("%}") {
            Some((statement, after))
                if matches!(
                    statement.trim_matches(['-', '+']).trim(),
                    "generation" | "endgeneration"
                ) =>
            {
                // A statement with the same marks and no effect, so that white space around it is trimmed alike.
                let begin = if statement.starts_with('-') {
                    "{%-"
                } else {
                    "{%"
                };
                let end = if statement.ends_with('-') {
                    "-%}"
                } else {
                    "%}"
                };
                result.push_str(begin);
                result.push_str(" set _ = 0 ");
                result.push_str(end);
                rest = after;
            }
            _ => {
                result.push_str("{%");
                rest = behind;
            }
        }
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    fn render(source: &str) -> Result<String, Error> {
        environment(source)?.get_template(NAME)?.render(context! {})
    }

    #[test]
    fn marks_for_masks_leave_no_trace() {
        let source = "a{% generation %}b {%- endgeneration -%} c{{ '{%' }}";
        assert_eq!(render(source).unwrap(), "abc{%");
    }

    #[test]
    fn json_is_that_of_python() {
        let source = "{{ {'b': [1.0, none, true], 'a': '<ä>'} | tojson }}";
        assert_eq!(
            render(source).unwrap(),
            r#"{"b": [1.0, null, true], "a": "<ä>"}"#
        );
    }

    #[test]
    fn a_template_without_end_ends() {
        let source =
            "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}";
        let error = render(source).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfFuel);
    }
}
