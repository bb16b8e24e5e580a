//! Benchmarks and evaluation files as rows of texts: JSON Lines, JSON, CSV, TSV, Parquet.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use dsg_dedupe::BenchmarkRow;
use serde_json::{Map, Value};

use crate::error::DsgError;

/// Names of columns that ask; in lower case, with `_` between words.
const ASKING: [&str; 12] = [
    "question",
    "questions",
    "prompt",
    "prompts",
    "instruction",
    "query",
    "input",
    "problem",
    "user",
    "messages",
    "conversations",
    "conversation",
];
/// Names of columns that say something else that must not be repeated. Passages that a question is about are not among them: a
/// dataset may quote the document that a benchmark quotes.
const SAYING: [&str; 17] = [
    "answer",
    "answers",
    "output",
    "outputs",
    "response",
    "responses",
    "completion",
    "completions",
    "target",
    "targets",
    "solution",
    "text",
    "content",
    "chosen",
    "reference",
    "expected",
    "ideal",
];
/// Longer texts of columns named `text` are passages, not questions, also where they end with a question mark.
const LONGEST_QUESTION: usize = 400;

/// Why a benchmark cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchmarkError {
    /// The file cannot be read.
    #[error("cannot read the benchmark `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Neither its name nor its first bytes say what it is.
    #[error("`{}` is no JSON Lines, JSON, CSV, TSV or Parquet file", path.display())]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// A row is not what the rows of such a file are.
    #[error("`{}`, row {row}: {problem}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The row, from 1.
        row: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// No column has a name that is known, or one of those that were asked for.
    #[error("`{}` has no column {wanted}; it has {found}", path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// The columns that were looked for.
        wanted: String,
        /// The columns of its first row.
        found: String,
    },
}

/// What a file is.
enum Kind {
    Lines,
    Array,
    Separated(u8),
    Parquet,
}

/// Hands the rows of `path` to `take`. `columns` are those whose texts count; none means those with a usual name.
pub(crate) fn read(
    path: &Path,
    columns: &[String],
    take: &mut dyn FnMut(BenchmarkRow),
) -> Result<(), DsgError> {
    let mut rows = Rows {
        path,
        columns,
        take,
        read: 0,
        with_texts: 0,
        first: None,
    };
    match kind(path)? {
        Kind::Lines => rows.lines()?,
        Kind::Array => rows.array()?,
        Kind::Separated(delimiter) => rows.separated(delimiter)?,
        Kind::Parquet => rows.parquet()?,
    }
    Ok(rows.finish()?)
}

fn kind(path: &Path) -> Result<Kind, BenchmarkError> {
    let failed = |source| BenchmarkError::Read {
        path: path.to_path_buf(),
        source,
    };
    let mut head = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(4_096).read_to_end(&mut head).map_err(failed)?;
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    Ok(match (ending.as_deref(), first) {
        _ if head.starts_with(b"PAR1") => Kind::Parquet,
        (Some("csv"), _) => Kind::Separated(b','),
        (Some("tsv"), _) => Kind::Separated(b'\t'),
        (Some("parquet"), _) => Kind::Parquet,
        (_, Some(b'[')) => Kind::Array,
        (Some("jsonl" | "ndjson"), _) | (_, Some(b'{')) => Kind::Lines,
        _ => {
            return Err(BenchmarkError::Format {
                path: path.to_path_buf(),
            });
        }
    })
}

/// A file being read.
struct Rows<'a> {
    path: &'a Path,
    columns: &'a [String],
    take: &'a mut dyn FnMut(BenchmarkRow),
    read: u64,
    with_texts: u64,
    /// The names of the first row's columns.
    first: Option<Vec<String>>,
}

impl Rows<'_> {
    fn failed(&self, source: io::Error) -> BenchmarkError {
        BenchmarkError::Read {
            path: self.path.to_path_buf(),
            source,
        }
    }

    fn wrong(&self, problem: &dyn Display) -> BenchmarkError {
        BenchmarkError::Row {
            path: self.path.to_path_buf(),
            row: self.read + 1,
            problem: problem.to_string(),
        }
    }

    fn open(&self) -> Result<File, BenchmarkError> {
        File::open(self.path).map_err(|source| self.failed(source))
    }

    fn lines(&mut self) -> Result<(), BenchmarkError> {
        for line in BufReader::new(self.open()?).split(b'\n') {
            let line = line.map_err(|source| self.failed(source))?;
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice(&line) {
                Ok(Value::Object(row)) => self.row(&row),
                Ok(_) => return Err(self.wrong(&"is not a JSON object")),
                Err(error) => return Err(self.wrong(&error)),
            }
        }
        Ok(())
    }

    fn array(&mut self) -> Result<(), BenchmarkError> {
        let all: Vec<Value> = serde_json::from_reader(BufReader::new(self.open()?))
            .map_err(|source| self.failed(source.into()))?;
        for row in all {
            match row {
                Value::Object(row) => self.row(&row),
                _ => return Err(self.wrong(&"is not a JSON object")),
            }
        }
        Ok(())
    }

    fn separated(&mut self, delimiter: u8) -> Result<(), BenchmarkError> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .from_reader(BufReader::new(self.open()?));
        let names = match reader.headers() {
            Ok(names) => names.clone(),
            Err(error) => return Err(self.failed(io::Error::other(error))),
        };
        for record in reader.into_records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => return Err(self.wrong(&error)),
            };
            let row: Map<String, Value> = names
                .iter()
                .zip(&record)
                .map(|(name, text)| (name.trim_start_matches('\u{feff}').to_owned(), text.into()))
                .collect();
            self.row(&row);
        }
        Ok(())
    }

    #[cfg(feature = "parquet")]
    fn parquet(&mut self) -> Result<(), DsgError> {
        use parquet::file::reader::{FileReader as _, SerializedFileReader};

        let reader = SerializedFileReader::new(self.open()?)
            .map_err(|error| self.failed(io::Error::other(error)))?;
        let rows = reader
            .get_row_iter(None)
            .map_err(|error| self.failed(io::Error::other(error)))?;
        for row in rows {
            let row = row.map_err(|error| self.wrong(&error))?;
            self.row(&of_parquet::group(&row));
        }
        Ok(())
    }

    #[cfg(not(feature = "parquet"))]
    #[allow(clippy::unused_self, reason = "called as in a build with Parquet")]
    fn parquet(&mut self) -> Result<(), DsgError> {
        Err(DsgError::FeatureMissing { feature: "parquet" })
    }

    fn row(&mut self, row: &Map<String, Value>) {
        self.read += 1;
        self.first
            .get_or_insert_with(|| row.keys().cloned().collect());
        let mut texts = BenchmarkRow {
            row: self.read,
            ..BenchmarkRow::default()
        };
        for (name, value) in row {
            if self.columns.is_empty() {
                let name = name.trim().to_lowercase().replace(['-', ' '], "_");
                if ASKING.contains(&name.as_str()) {
                    gather(value, true, &mut texts);
                } else if SAYING.contains(&name.as_str()) {
                    gather(value, false, &mut texts);
                }
            } else if self.columns.contains(name) {
                gather(value, true, &mut texts);
            }
        }
        self.with_texts += u64::from(!texts.questions.is_empty() || !texts.texts.is_empty());
        (self.take)(texts);
    }

    /// A file of which no row was understood protects from nothing.
    fn finish(self) -> Result<(), BenchmarkError> {
        match self.first {
            Some(found) if self.with_texts == 0 => Err(BenchmarkError::Columns {
                path: self.path.to_path_buf(),
                wanted: if self.columns.is_empty() {
                    "with a text and a usual name (question, prompt, input, messages, answer, text, …); name them with \
                     `dedupe.decontaminate_columns`"
                        .to_owned()
                } else {
                    self.columns.join(", ")
                },
                found: found.join(", "),
            }),
            _ => Ok(()),
        }
    }
}

/// Adds the texts in `value`: of a list those of its entries, of a turn of a conversation its content, of an object those under usual
/// names.
fn gather(value: &Value, asks: bool, row: &mut BenchmarkRow) {
    match value {
        Value::String(text) => {
            let text = text.trim();
            if text.is_empty() {
                return;
            }
            let asks = asks || (text.ends_with('?') && text.len() <= LONGEST_QUESTION);
            let side = if asks {
                &mut row.questions
            } else {
                &mut row.texts
            };
            side.push(text.to_owned());
        }
        Value::Array(values) => {
            for value in values {
                gather(value, asks, row);
            }
        }
        Value::Object(fields) => {
            let speaker = ["role", "from"]
                .iter()
                .find_map(|name| fields.get(*name)?.as_str());
            let said = ["content", "value"]
                .iter()
                .find_map(|name| fields.get(*name));
            match (speaker, said) {
                // The same instructions stand above every conversation.
                (Some("system" | "developer" | "tool" | "function"), _) => {}
                (Some(speaker), Some(said)) => {
                    gather(said, matches!(speaker, "user" | "human"), row);
                }
                _ => {
                    for (name, value) in fields {
                        let name = name.to_lowercase();
                        if ASKING.contains(&name.as_str()) {
                            gather(value, true, row);
                        } else if SAYING.contains(&name.as_str()) {
                            gather(value, asks, row);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

/// Parquet's values as JSON, as far as they hold texts.
#[cfg(feature = "parquet")]
mod of_parquet {
    use parquet::record::{Field, Row};
    use serde_json::{Map, Value};

    pub(super) fn group(row: &Row) -> Map<String, Value> {
        row.get_column_iter()
            .map(|(name, field)| (name.clone(), value(field)))
            .collect()
    }

    fn value(field: &Field) -> Value {
        match field {
            Field::Str(text) => text.as_str().into(),
            // Texts that are not marked as such.
            Field::Bytes(bytes) => {
                std::str::from_utf8(bytes.data()).map_or(Value::Null, Value::from)
            }
            Field::Group(row) => group(row).into(),
            Field::ListInternal(list) => list.elements().iter().map(value).collect(),
            _ => Value::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn rows(name: &str, bytes: &[u8], columns: &[&str]) -> Result<Vec<BenchmarkRow>, DsgError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        let mut rows = Vec::new();
        read(&path, &columns, &mut |row| rows.push(row))?;
        Ok(rows)
    }

    fn row(row: u64, questions: &[&str], texts: &[&str]) -> BenchmarkRow {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        BenchmarkRow {
            row,
            questions: owned(questions),
            texts: owned(texts),
        }
    }

    #[test]
    fn columns_are_found_by_their_names_whatever_the_format() {
        let expected = [
            row(1, &["What is it?"], &["A thing"]),
            row(2, &["Why, \"so\"?"], &[]),
        ];
        let lines = "{\"Question\": \"What is it?\", \"answer\": \"A thing\", \"context\": \"long\"}\n\n\
                     {\"Question\": \"Why, \\\"so\\\"?\", \"answer\": null}\n";
        assert_eq!(rows("a.jsonl", lines.as_bytes(), &[]).unwrap(), expected);
        let array = "[{\"prompt\": \"What is it?\", \"output\": \"A thing\"}, {\"prompt\": \"Why, \\\"so\\\"?\"}]";
        assert_eq!(rows("a.json", array.as_bytes(), &[]).unwrap(), expected);
        let csv = "id,question,answer\n1,What is it?,A thing\n2,\"Why, \"\"so\"\"?\",\n";
        assert_eq!(rows("a.csv", csv.as_bytes(), &[]).unwrap(), expected);
        let tsv = csv
            .replace("\"Why, \"\"so\"\"?\"", "Why; so?")
            .replace(',', "\t");
        assert_eq!(
            rows("a.tsv", tsv.as_bytes(), &[]).unwrap()[1].questions,
            ["Why; so?"]
        );
    }

    #[test]
    fn conversations_and_nested_answers_are_read() {
        let lines = r#"{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How?"}, {"role": "assistant", "content": "So."}]}
{"conversations": [{"from": "human", "value": "When?"}, {"from": "gpt", "value": "Now."}]}
{"question": "Who?", "answers": {"text": ["She", "He"], "answer_start": [1, 2]}}
{"text": "Is this a question?"}
"#;
        assert_eq!(
            rows("a.jsonl", lines.as_bytes(), &[]).unwrap(),
            [
                row(1, &["How?"], &["So."]),
                row(2, &["When?"], &["Now."]),
                row(3, &["Who?"], &["She", "He"]),
                row(4, &["Is this a question?"], &[]),
            ]
        );
    }

    #[test]
    fn named_columns_are_taken_instead() {
        let csv = b"frage,question,answer\nWas?,What?,This\n";
        assert_eq!(
            rows("a.csv", csv, &["frage"]).unwrap(),
            [row(1, &["Was?"], &[])]
        );
        let error = rows("a.csv", csv, &["fragen"]).unwrap_err().to_string();
        assert!(
            error.ends_with("has no column fragen; it has frage, question, answer"),
            "{error}"
        );
    }

    #[test]
    fn what_cannot_be_read_is_named_with_file_and_row() {
        let error =
            |name: &str, text: &str| rows(name, text.as_bytes(), &[]).unwrap_err().to_string();
        assert!(
            error("a.jsonl", "{\"question\": \"a\"}\n{\"question\": ").contains("a.jsonl`, row 2:")
        );
        assert!(error("a.jsonl", "[1]").contains("row 1: is not a JSON object"));
        assert!(error("a.csv", "question,answer\na,b\nc\n").contains("a.csv`, row 2:"));
        assert!(
            error("a.csv", "x,y\n1,2\n")
                .contains("name them with `dedupe.decontaminate_columns`; it has x, y")
        );
        assert!(
            error("notes.txt", "Hello")
                .contains("is no JSON Lines, JSON, CSV, TSV or Parquet file")
        );
        let missing = read(Path::new("nowhere.jsonl"), &[], &mut |_| {}).unwrap_err();
        assert!(
            missing
                .to_string()
                .contains("cannot read the benchmark `nowhere.jsonl`")
        );
    }

    #[cfg(feature = "parquet")]
    #[test]
    fn parquet_is_read() {
        use std::sync::Arc;

        use parquet::data_type::{ByteArray, ByteArrayType};
        use parquet::file::properties::WriterProperties;
        use parquet::file::writer::SerializedFileWriter;
        use parquet::schema::parser::parse_message_type;

        let schema =
            "message rows { required binary question (UTF8); optional binary answer (UTF8); }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let mut file = Vec::new();
        let properties = Arc::new(WriterProperties::builder().build());
        let mut writer = SerializedFileWriter::new(&mut file, schema, properties).unwrap();
        let mut group = writer.next_row_group().unwrap();
        for (values, levels) in [
            (vec!["What is it?", "Why?"], None),
            (vec!["A thing"], Some(vec![1, 0])),
        ] {
            let mut column = group.next_column().unwrap().unwrap();
            let values: Vec<ByteArray> = values.into_iter().map(ByteArray::from).collect();
            column
                .typed::<ByteArrayType>()
                .write_batch(&values, levels.as_deref(), None)
                .unwrap();
            column.close().unwrap();
        }
        group.close().unwrap();
        writer.close().unwrap();
        assert_eq!(
            rows("a.parquet", &file, &[]).unwrap(),
            [
                row(1, &["What is it?"], &["A thing"]),
                row(2, &["Why?"], &[])
            ]
        );
        file.truncate(file.len() - 9);
        assert!(
            rows("a.parquet", &file, &[])
                .unwrap_err()
                .to_string()
                .contains("cannot read the benchmark")
        );
    }
}
