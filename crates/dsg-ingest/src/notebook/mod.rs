//! Jupyter notebooks, nbformat 3 and 4. The text is light Markdown: Markdown cells as they are, code and what it printed
//! in fences.

mod file;
mod output;
mod page;
#[cfg(test)]
mod tests;

use crate::error::FileError;
use crate::ingester::Parsed;

/// The text of the notebook `source`, and its outline.
///
/// # Errors
/// [`FileError::Malformed`] with line and column when `source` is no notebook.
pub(crate) fn parse(source: &str, path: &str) -> Result<Parsed, FileError> {
    let notebook: file::Notebook<'_> =
        serde_json::from_str(source).map_err(|error| FileError::Malformed {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
            message: without_place(&error),
        })?;
    Ok(page::write(notebook))
}

/// What is wrong, without the place, which the reject names itself.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rsplit_once(" at line ") {
        Some((what, _)) => what.to_owned(),
        None => message,
    }
}
