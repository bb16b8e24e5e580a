//! How the templates of cards, bundles and reports are written: Jinja with blocks on lines of their own, nothing escaped unless asked for.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error};

/// An environment with the filter `yaml`, without templates.
pub(crate) fn environment() -> Result<Environment<'static>, Error> {
    let mut env = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()?;
    env.set_syntax(syntax);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.add_filter("yaml", quoted);
    Ok(env)
}

/// A YAML string; every JSON string is one.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
