//! `tojson` as transformers has it: Python's `json.dumps` with characters beyond ASCII as they are and nothing escaped for HTML.

use std::io;

use minijinja::value::Kwargs;
use minijinja::{Error, ErrorKind, Value};
use serde::Serialize as _;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// The filter. `indent` is a number of spaces.
#[allow(
    clippy::needless_pass_by_value,
    reason = "the shape of filters; only owned arguments are recognised"
)]
pub(super) fn to_json(value: &Value, options: Kwargs) -> Result<Value, Error> {
    let indent: Option<usize> = options.get("indent")?;
    // Others of Python's arguments are those of transformers already or rare enough to be refused.
    let _: Option<bool> = options.get("ensure_ascii")?;
    options.assert_all_used()?;
    let failed = |error: serde_json::Error| {
        Error::new(ErrorKind::BadSerialization, "cannot write it as JSON").with_source(error)
    };
    let mut bytes = Vec::new();
    match indent {
        None => value
            .serialize(&mut Serializer::with_formatter(&mut bytes, Python))
            .map_err(failed)?,
        Some(width) => {
            let spaces = b" ".repeat(width.min(16));
            let pretty = PrettyFormatter::with_indent(&spaces);
            value
                .serialize(&mut Serializer::with_formatter(&mut bytes, pretty))
                .map_err(failed)?;
        }
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))?;
    Ok(Value::from_safe_string(text))
}

/// One line, with a space behind commas and colons.
struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
