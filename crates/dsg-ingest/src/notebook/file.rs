//! The file format, as far as it is read. Images, widgets and attachments are passed over without being kept in memory.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A notebook: `cells` in version 4, in `worksheets` before.
#[derive(Debug, Deserialize)]
pub(super) struct Notebook<'a> {
    #[serde(default, borrow)]
    pub cells: Option<Vec<Cell<'a>>>,
    #[serde(default, borrow)]
    pub worksheets: Option<Vec<Worksheet<'a>>>,
    #[serde(default)]
    pub metadata: Metadata,
    #[serde(rename = "nbformat")]
    pub format: u32,
}

#[derive(Debug, Deserialize)]
pub(super) struct Worksheet<'a> {
    #[serde(default, borrow)]
    pub cells: Vec<Cell<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub kernelspec: Option<Kernel>,
    #[serde(default)]
    pub language_info: Option<Language>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Kernel {
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Language {
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cell<'a> {
    #[serde(rename = "cell_type")]
    pub kind: Cow<'a, str>,
    /// The content; of code cells before version 4 it is `input`.
    #[serde(default, borrow, alias = "input")]
    pub source: Text<'a>,
    /// Level of a heading cell, version 3.
    #[serde(default)]
    pub level: Option<u8>,
    /// Language of a code cell, version 3.
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default, borrow)]
    pub outputs: Vec<Output<'a>>,
    #[serde(default)]
    pub attachments: Option<Count>,
}

/// The number of fields of an object.
#[derive(Debug)]
pub(super) struct Count(pub u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Count;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut count = 0;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Count(count))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Output<'a> {
    #[serde(default, borrow, rename = "output_type")]
    pub kind: Cow<'a, str>,
    /// What a stream wrote; version 3 also keeps results here.
    #[serde(default, borrow)]
    pub text: Text<'a>,
    /// Representations by media type.
    #[serde(default, borrow)]
    pub data: Data<'a>,
    #[serde(default, borrow)]
    pub traceback: Text<'a>,
    #[serde(default)]
    pub ename: Option<String>,
    #[serde(default)]
    pub evalue: Option<String>,
    // Version 3 has media beside the text.
    #[serde(default)]
    pub png: Option<IgnoredAny>,
    #[serde(default)]
    pub jpeg: Option<IgnoredAny>,
    #[serde(default)]
    pub svg: Option<IgnoredAny>,
    #[serde(default)]
    pub html: Option<IgnoredAny>,
}

/// An output's representations: the plain one, and the names of the others.
#[derive(Debug, Default)]
pub(super) struct Data<'a> {
    pub plain: Text<'a>,
    pub markdown: Text<'a>,
    pub others: Vec<Cow<'a, str>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Data<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Media<'a>(std::marker::PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Media<'a> {
            type Value = Data<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of media types")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut data = Data::default();
                while let Some(Name(name)) = map.next_key::<Name<'de>>()? {
                    match name.as_ref() {
                        "text/plain" => data.plain = map.next_value()?,
                        "text/markdown" => data.markdown = map.next_value()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            data.others.push(name);
                        }
                    }
                }
                Ok(data)
            }
        }
        deserializer.deserialize_map(Media(std::marker::PhantomData))
    }
}

/// A name that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Text as one string or as a list of lines.
#[derive(Debug, Default)]
pub(super) struct Text<'a>(Vec<Cow<'a, str>>);

impl Text<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|part| part.trim().is_empty())
    }

    /// The text; parts that end no line are joined as they are.
    pub(super) fn joined(&self) -> String {
        self.0.concat()
    }

    /// The text with every part on a line of its own, as tracebacks are kept.
    pub(super) fn lines(&self) -> String {
        self.0.join("\n")
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<'a>(std::marker::PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Parts<'a> {
            type Value = Text<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(vec![Cow::Borrowed(text)]))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(vec![Cow::Owned(text.to_owned())]))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Text::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut parts = Vec::new();
                while let Some(Name(part)) = seq.next_element::<Name<'de>>()? {
                    parts.push(part);
                }
                Ok(Text(parts))
            }
        }
        deserializer.deserialize_any(Parts(std::marker::PhantomData))
    }
}
