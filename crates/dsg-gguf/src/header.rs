//! What stands before the data of the tensors: keys, and where which tensor is.

use std::ops::Range;

use serde::Serialize;

use crate::error::{Place, Problem};
use crate::limits::Limits;
use crate::tensor_type::TensorType;
use crate::value::{RawValue, Value, ValueType, decode};

/// What a file begins with.
pub(crate) const MAGIC: &[u8; 4] = b"GGUF";
/// The version that is written. Version 2 has the same layout.
pub(crate) const VERSION: u32 = 3;
/// The alignment of files that do not say.
pub(crate) const ALIGNMENT: u32 = 32;
/// The key that says.
pub(crate) const ALIGNMENT_KEY: &str = "general.alignment";
/// Most dimensions of a tensor.
pub(crate) const DIMENSIONS: u32 = 4;

/// Bytes of magic, version and counts.
const FIXED_BYTES: usize = 24;
/// The fewest bytes of a key with its value, and of the description of a tensor.
const LEAST_KEY_BYTES: u64 = 14;
const LEAST_TENSOR_BYTES: u64 = 25;

/// A tensor in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TensorInfo {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: TensorType,
    pub(crate) shape: Vec<u64>,
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

impl TensorInfo {
    /// A tensor at `offset`; the size follows from the shape.
    pub(crate) fn new(
        name: String,
        kind: TensorType,
        shape: Vec<u64>,
        offset: u64,
    ) -> Result<Self, Problem> {
        let bytes = bytes_of(kind, &shape);
        match bytes {
            Some(bytes) => Ok(Self {
                name,
                kind,
                shape,
                offset,
                bytes,
            }),
            None => Err(Problem::Shape {
                tensor: name,
                shape,
                kind,
            }),
        }
    }

    /// Its name, as in `blk.0.attn_q.weight`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How its values are stored.
    pub const fn kind(&self) -> TensorType {
        self.kind
    }

    /// Its dimensions, in values, the length of a row first: a matrix of `[out, in]` in PyTorch is `[in, out]` here. At most four.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Where it begins, in bytes from the beginning of the data.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Its size in bytes, without padding.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many values it has.
    pub fn values(&self) -> u64 {
        // Cannot overflow: the size in bytes did not, and no block has fewer than an eighth of a byte for a value.
        self.shape.iter().product()
    }

    /// The block of the model that it belongs to, by its name; `None` for those outside of blocks.
    pub fn block(&self) -> Option<u64> {
        block_of(&self.name)
    }
}

/// The number in `blk.7.attn_q.weight`; `None` for other names.
pub fn block_of(name: &str) -> Option<u64> {
    let (number, _) = name.strip_prefix("blk.")?.split_once('.')?;
    number.parse().ok()
}

fn bytes_of(kind: TensorType, shape: &[u64]) -> Option<u64> {
    let row = shape.first().copied().unwrap_or(1);
    // As signed 64-bit numbers, which other readers use.
    let values = shape
        .iter()
        .try_fold(1_u64, |product, n| product.checked_mul(*n))?;
    if values == 0 || values > i64::MAX as u64 {
        return None;
    }
    kind.bytes_of(row)?;
    kind.bytes_of(values)
        .filter(|bytes| i64::try_from(*bytes).is_ok())
}

#[derive(Debug, Clone)]
struct Entry {
    key: String,
    kind: ValueType,
    span: Range<usize>,
}

/// The header of a file: everything but the data, checked as a whole.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) version: u32,
    pub(crate) alignment: u32,
    pub(crate) data_start: u64,
    pub(crate) tensors: Vec<TensorInfo>,
    entries: Vec<Entry>,
    /// Numbers of entries and tensors, by name.
    key_order: Vec<usize>,
    tensor_order: Vec<usize>,
}

impl Header {
    /// Reads the header of the file that `bytes` are, and holds every size against theirs.
    pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, Problem> {
        let mut cursor = Cursor {
            bytes,
            at: 0,
            limits,
        };
        let version = cursor.version()?;
        let tensor_count = cursor.u64(&|| Place::Header)?;
        let key_count = cursor.u64(&|| Place::Header)?;
        cursor.possible(
            "the number of tensors",
            tensor_count,
            limits.tensors,
            LEAST_TENSOR_BYTES,
            &|| Place::Header,
        )?;
        cursor.possible(
            "the number of keys",
            key_count,
            limits.keys,
            LEAST_KEY_BYTES,
            &|| Place::Header,
        )?;

        let mut entries = Vec::new();
        for number in 0..key_count {
            entries.push(cursor.entry(number)?);
        }
        let key_order = order(&entries, |entry| &entry.key)
            .map_err(|key| Problem::DuplicateKey(key.to_owned()))?;
        let alignment = alignment(bytes, &entries, limits.alignment)?;

        let mut tensors = Vec::new();
        for number in 0..tensor_count {
            tensors.push(cursor.tensor(number)?);
        }
        let tensor_order = order(&tensors, |tensor| &tensor.name)
            .map_err(|name| Problem::DuplicateTensor(name.to_owned()))?;
        let data_start = (cursor.at as u64).next_multiple_of(alignment.into());
        let available = (bytes.len() as u64).saturating_sub(data_start);
        for tensor in &tensors {
            check_place(tensor, alignment, available)?;
        }
        Ok(Self {
            version,
            alignment,
            data_start,
            tensors,
            entries,
            key_order,
            tensor_order,
        })
    }

    /// Whether every tensor has a name of its own.
    pub(crate) fn check_names(tensors: &[TensorInfo]) -> Result<(), Problem> {
        match order(tensors, |tensor| &tensor.name) {
            Ok(_) => Ok(()),
            Err(name) => Err(Problem::DuplicateTensor(name.to_owned())),
        }
    }

    /// Keys and values, in the file's order. `bytes` are those that were parsed.
    pub(crate) fn keys<'a>(
        &'a self,
        bytes: &'a [u8],
    ) -> impl ExactSizeIterator<Item = (&'a str, RawValue<'a>)> {
        self.entries
            .iter()
            .map(|entry| (entry.key.as_str(), raw(entry, bytes)))
    }

    pub(crate) fn value<'a>(&self, key: &str, bytes: &'a [u8]) -> Option<RawValue<'a>> {
        Some(raw(self.entry(key)?, bytes))
    }

    pub(crate) fn decoded<'a>(&self, key: &str, bytes: &'a [u8]) -> Option<Value<'a>> {
        let entry = self.entry(key)?;
        Some(decode(entry.kind, bytes.get(entry.span.clone())?))
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        find(&self.entries, &self.key_order, key, |entry| &entry.key)
    }

    pub(crate) fn tensor(&self, name: &str) -> Option<&TensorInfo> {
        find(&self.tensors, &self.tensor_order, name, |tensor| {
            &tensor.name
        })
    }
}

fn raw<'a>(entry: &Entry, bytes: &'a [u8]) -> RawValue<'a> {
    RawValue::checked(
        entry.kind,
        bytes.get(entry.span.clone()).unwrap_or_default(),
    )
}

/// The numbers of `items` by their names, or a name that is there twice.
fn order<T>(items: &[T], name: impl Fn(&T) -> &str) -> Result<Vec<usize>, &str> {
    let name_of = |number: &usize| items.get(*number).map(&name).unwrap_or_default();
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|a, b| name_of(a).cmp(name_of(b)));
    let twice = order.windows(2).find_map(|pair| match pair {
        [a, b] if name_of(a) == name_of(b) => Some(name_of(a)),
        _ => None,
    });
    match twice {
        Some(name) => Err(name),
        None => Ok(order),
    }
}

fn find<'a, T>(
    items: &'a [T],
    order: &[usize],
    wanted: &str,
    name: impl Fn(&T) -> &str,
) -> Option<&'a T> {
    let at = order.binary_search_by(|number| {
        items
            .get(*number)
            .map(&name)
            .unwrap_or_default()
            .cmp(wanted)
    });
    items.get(*order.get(at.ok()?)?)
}

fn alignment(bytes: &[u8], entries: &[Entry], most: u32) -> Result<u32, Problem> {
    let Some(entry) = entries.iter().find(|entry| entry.key == ALIGNMENT_KEY) else {
        return Ok(ALIGNMENT);
    };
    match raw(entry, bytes).decode() {
        Value::U32(alignment) if alignment.is_power_of_two() && alignment <= most => Ok(alignment),
        _ => Err(Problem::Alignment { most }),
    }
}

fn check_place(tensor: &TensorInfo, alignment: u32, available: u64) -> Result<(), Problem> {
    if !tensor.offset.is_multiple_of(alignment.into()) {
        return Err(Problem::Misaligned {
            tensor: tensor.name.clone(),
            offset: tensor.offset,
            alignment,
        });
    }
    let end = tensor.offset.saturating_add(tensor.bytes);
    if end > available {
        return Err(Problem::OutOfBounds {
            tensor: tensor.name.clone(),
            end,
            available,
        });
    }
    Ok(())
}

/// A position in the bytes. Places are only made for errors.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    limits: &'a Limits,
}

type At<'p> = &'p dyn Fn() -> Place;

impl<'a> Cursor<'a> {
    fn version(&mut self) -> Result<u32, Problem> {
        if !self.bytes.starts_with(MAGIC) {
            return Err(Problem::Magic);
        }
        if self.bytes.len() < FIXED_BYTES {
            return Err(Problem::Cut {
                within: Place::Header,
            });
        }
        self.at = MAGIC.len();
        match self.u32(&|| Place::Header)? {
            version @ 2..=VERSION => Ok(version),
            version if version != 0 && version.trailing_zeros() >= 16 => Err(Problem::BigEndian),
            version => Err(Problem::Version(version)),
        }
    }

    fn entry(&mut self, number: u64) -> Result<Entry, Problem> {
        let key = self.name(&|| Place::KeyNumber(number))?;
        let at = || Place::Key(key.to_owned());
        let kind = self.value_type(&at)?;
        let start = self.at;
        self.skip(kind, self.limits.depth.saturating_sub(1), &at)?;
        Ok(Entry {
            key: key.to_owned(),
            kind,
            span: start..self.at,
        })
    }

    fn tensor(&mut self, number: u64) -> Result<TensorInfo, Problem> {
        let name = self.name(&|| Place::TensorNumber(number))?;
        let at = || Place::Tensor(name.to_owned());
        let count = self.u32(&at)?;
        if count > DIMENSIONS {
            return Err(Problem::Dimensions {
                tensor: name.to_owned(),
                count,
            });
        }
        let shape = (0..count)
            .map(|_| self.u64(&at))
            .collect::<Result<Vec<_>, _>>()?;
        let id = self.u32(&at)?;
        let kind = TensorType::from_id(id).ok_or_else(|| Problem::TensorType {
            tensor: name.to_owned(),
            id,
        })?;
        let offset = self.u64(&at)?;
        TensorInfo::new(name.to_owned(), kind, shape, offset)
    }

    /// Goes over a value and checks it on the way.
    fn skip(&mut self, kind: ValueType, depth: u32, at: At<'_>) -> Result<(), Problem> {
        if kind == ValueType::String {
            self.text("the text", self.limits.text_bytes, at)?;
            return Ok(());
        }
        if let Some(size) = kind.size() {
            let value = self.take(size as u64, at)?;
            return check_bools(kind, value, at);
        }
        let item = self.value_type(at)?;
        let count = self.u64(at)?;
        let least = item.least_bytes() as u64;
        self.possible("the number of items", count, self.limits.items, least, at)?;
        if let Some(size) = item.size() {
            // Cannot overflow: `possible` held it against what is left.
            let items = self.take(count.saturating_mul(size as u64), at)?;
            return check_bools(item, items, at);
        }
        let depth = match depth.checked_sub(1) {
            Some(depth) => depth,
            None if item != ValueType::Array => 0,
            None => {
                return Err(Problem::TooMany {
                    what: "the depth of arrays",
                    place: at(),
                    claimed: u64::from(self.limits.depth) + 1,
                    most: self.limits.depth.into(),
                });
            }
        };
        for _ in 0..count {
            self.skip(item, depth, at)?;
        }
        Ok(())
    }

    fn value_type(&mut self, at: At<'_>) -> Result<ValueType, Problem> {
        let id = self.u32(at)?;
        ValueType::from_id(id).ok_or_else(|| Problem::ValueType { place: at(), id })
    }

    fn name(&mut self, at: At<'_>) -> Result<&'a str, Problem> {
        let bytes = self.text("the length of the name", self.limits.name_bytes, at)?;
        match std::str::from_utf8(bytes) {
            Ok(name) if !name.is_empty() => Ok(name),
            _ => Err(Problem::Name(at())),
        }
    }

    fn text(&mut self, what: &'static str, most: u64, at: At<'_>) -> Result<&'a [u8], Problem> {
        let length = self.u64(at)?;
        if length > most {
            return Err(Problem::TooMany {
                what,
                place: at(),
                claimed: length,
                most,
            });
        }
        self.take(length, at)
    }

    /// Whether `count` things of at least so many bytes are allowed and fit into what is left.
    fn possible(
        &self,
        what: &'static str,
        count: u64,
        most: u64,
        least_bytes: u64,
        at: At<'_>,
    ) -> Result<(), Problem> {
        let left = self.bytes.len().saturating_sub(self.at) as u64;
        let most = most.min(left / least_bytes);
        if count > most {
            return Err(Problem::TooMany {
                what,
                place: at(),
                claimed: count,
                most,
            });
        }
        Ok(())
    }

    fn u32(&mut self, at: At<'_>) -> Result<u32, Problem> {
        Ok(u32::from_le_bytes(self.chunk(at)?))
    }

    fn u64(&mut self, at: At<'_>) -> Result<u64, Problem> {
        Ok(u64::from_le_bytes(self.chunk(at)?))
    }

    fn chunk<const N: usize>(&mut self, at: At<'_>) -> Result<[u8; N], Problem> {
        let chunk = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.first_chunk());
        let chunk = *chunk.ok_or_else(|| Problem::Cut { within: at() })?;
        self.at += N;
        Ok(chunk)
    }

    fn take(&mut self, length: u64, at: At<'_>) -> Result<&'a [u8], Problem> {
        let taken = usize::try_from(length).ok().and_then(|length| {
            let end = self.at.checked_add(length)?;
            self.bytes.get(self.at..end)
        });
        let taken = taken.ok_or_else(|| Problem::Cut { within: at() })?;
        self.at += taken.len();
        Ok(taken)
    }
}

fn check_bools(kind: ValueType, bytes: &[u8], at: At<'_>) -> Result<(), Problem> {
    match bytes.iter().find(|byte| **byte > 1) {
        Some(byte) if kind == ValueType::Bool => Err(Problem::Bool {
            place: at(),
            byte: *byte,
        }),
        _ => Ok(()),
    }
}
