//! The values of metadata keys.

use std::borrow::Cow;
use std::fmt;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

/// The type of a metadata value, numbered as in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ValueType {
    U8 = 0,
    I8 = 1,
    U16 = 2,
    I16 = 3,
    U32 = 4,
    I32 = 5,
    F32 = 6,
    Bool = 7,
    String = 8,
    Array = 9,
    U64 = 10,
    I64 = 11,
    F64 = 12,
}

impl ValueType {
    const ALL: [Self; 13] = [
        Self::U8,
        Self::I8,
        Self::U16,
        Self::I16,
        Self::U32,
        Self::I32,
        Self::F32,
        Self::Bool,
        Self::String,
        Self::Array,
        Self::U64,
        Self::I64,
        Self::F64,
    ];

    /// The type of this number.
    pub fn from_id(id: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(id).ok()?).copied()
    }

    /// The number in files.
    pub const fn id(self) -> u32 {
        self as u32
    }

    /// Bytes of a value; `None` for texts and arrays.
    pub const fn size(self) -> Option<usize> {
        Some(match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
            Self::String | Self::Array => return None,
        })
    }

    /// The fewest bytes that a value of this type takes.
    pub(crate) const fn least_bytes(self) -> usize {
        match self.size() {
            Some(size) => size,
            None if matches!(self, Self::String) => 8,
            None => 12,
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::F32 => "f32",
            Self::Bool => "bool",
            Self::String => "string",
            Self::Array => "array",
            Self::U64 => "u64",
            Self::I64 => "i64",
            Self::F64 => "f64",
        })
    }
}

/// A value as the bytes of a file: to copy verbatim, to compare, or to [`decode`](Self::decode).
///
/// Values for new files come from numbers, texts and truth values by `From`, and from [`RawValue::array`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawValue<'a> {
    kind: ValueType,
    bytes: Cow<'a, [u8]>,
}

impl<'a> RawValue<'a> {
    /// Bytes that were checked to be one value of this type.
    pub(crate) const fn checked(kind: ValueType, bytes: &'a [u8]) -> Self {
        Self {
            kind,
            bytes: Cow::Borrowed(bytes),
        }
    }

    /// The same, with bytes of its own.
    pub fn into_owned(self) -> RawValue<'static> {
        RawValue {
            kind: self.kind,
            bytes: Cow::Owned(self.bytes.into_owned()),
        }
    }

    /// Its type.
    pub const fn kind(&self) -> ValueType {
        self.kind
    }

    /// Its bytes in a file, behind the number of its type.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What it says. Arrays are decoded as they are walked.
    pub fn decode(&self) -> Value<'_> {
        decode(self.kind, &self.bytes)
    }
}

impl RawValue<'static> {
    /// An array of values of one type.
    ///
    /// ```
    /// use dsg_gguf::RawValue;
    ///
    /// let tokens = RawValue::array(["<s>", "</s>"]);
    /// assert_eq!(tokens.decode().as_array().map(|array| array.len()), Some(2));
    /// ```
    pub fn array<T: Scalar>(items: impl IntoIterator<Item = T>) -> Self {
        let mut bytes = T::TYPE.id().to_le_bytes().to_vec();
        bytes.extend([0; 8]);
        let mut count = 0_u64;
        for item in items {
            item.append(&mut bytes);
            count += 1;
        }
        if let Some(place) = bytes.get_mut(4..12) {
            place.copy_from_slice(&count.to_le_bytes());
        }
        Self {
            kind: ValueType::Array,
            bytes: Cow::Owned(bytes),
        }
    }
}

/// What a value or an item of an array can be made from.
pub trait Scalar {
    /// Its type in files.
    const TYPE: ValueType;

    /// Appends its bytes.
    fn append(&self, bytes: &mut Vec<u8>);
}

macro_rules! numbers {
    ($($type:ty => $name:ident),*) => {
        $(
            impl Scalar for $type {
                const TYPE: ValueType = ValueType::$name;

                fn append(&self, bytes: &mut Vec<u8>) {
                    bytes.extend(self.to_le_bytes());
                }
            }
        )*

        fn split_number(kind: ValueType, bytes: &[u8]) -> Option<Value<'static>> {
            Some(match kind {
                $(ValueType::$name => Value::$name(<$type>::from_le_bytes(bytes.try_into().ok()?)),)*
                ValueType::Bool => Value::Bool(bytes.first().is_some_and(|byte| *byte != 0)),
                ValueType::String | ValueType::Array => return None,
            })
        }
    };
}

numbers!(u8 => U8, i8 => I8, u16 => U16, i16 => I16, u32 => U32, i32 => I32, f32 => F32, u64 => U64, i64 => I64, f64 => F64);

impl Scalar for bool {
    const TYPE: ValueType = ValueType::Bool;

    fn append(&self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(*self));
    }
}

impl Scalar for &[u8] {
    const TYPE: ValueType = ValueType::String;

    fn append(&self, bytes: &mut Vec<u8>) {
        bytes.extend((self.len() as u64).to_le_bytes());
        bytes.extend_from_slice(self);
    }
}

impl Scalar for &str {
    const TYPE: ValueType = ValueType::String;

    fn append(&self, bytes: &mut Vec<u8>) {
        self.as_bytes().append(bytes);
    }
}

/// An array as the item of another; llama.cpp refuses such files.
impl Scalar for RawValue<'static> {
    const TYPE: ValueType = ValueType::Array;

    fn append(&self, bytes: &mut Vec<u8>) {
        if self.kind == ValueType::Array {
            bytes.extend_from_slice(&self.bytes);
        } else {
            // One value is an array of one.
            bytes.extend(self.kind.id().to_le_bytes());
            bytes.extend(1_u64.to_le_bytes());
            bytes.extend_from_slice(&self.bytes);
        }
    }
}

macro_rules! from_scalars {
    ($($type:ty),*) => {
        $(
            impl From<$type> for RawValue<'static> {
                fn from(value: $type) -> Self {
                    let mut bytes = Vec::new();
                    value.append(&mut bytes);
                    Self { kind: <$type as Scalar>::TYPE, bytes: Cow::Owned(bytes) }
                }
            }
        )*
    };
}

from_scalars!(
    u8,
    i8,
    u16,
    i16,
    u32,
    i32,
    f32,
    u64,
    i64,
    f64,
    bool,
    &str,
    &[u8]
);

/// What a value says.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Value<'a> {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    /// UTF-8 by the specification; damaged files and some tokens have other bytes.
    String(&'a [u8]),
    Array(Array<'a>),
    U64(u64),
    I64(i64),
    F64(f64),
}

impl<'a> Value<'a> {
    /// The text of a string that is UTF-8.
    pub fn as_str(&self) -> Option<&'a str> {
        match self {
            Self::String(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// A number of any integer type that is not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::U8(value) => Some(value.into()),
            Self::U16(value) => Some(value.into()),
            Self::U32(value) => Some(value.into()),
            Self::U64(value) => Some(value),
            Self::I8(value) => value.try_into().ok(),
            Self::I16(value) => value.try_into().ok(),
            Self::I32(value) => value.try_into().ok(),
            Self::I64(value) => value.try_into().ok(),
            _ => None,
        }
    }

    /// A truth value.
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A list.
    pub const fn as_array(&self) -> Option<Array<'a>> {
        match self {
            Self::Array(array) => Some(*array),
            _ => None,
        }
    }
}

impl Serialize for Value<'_> {
    /// Numbers that are not finite become `null` in JSON, and bytes that are no UTF-8 become U+FFFD.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::U8(value) => serializer.serialize_u8(value),
            Self::I8(value) => serializer.serialize_i8(value),
            Self::U16(value) => serializer.serialize_u16(value),
            Self::I16(value) => serializer.serialize_i16(value),
            Self::U32(value) => serializer.serialize_u32(value),
            Self::I32(value) => serializer.serialize_i32(value),
            Self::F32(value) => serializer.serialize_f32(value),
            Self::Bool(value) => serializer.serialize_bool(value),
            Self::String(bytes) => serializer.serialize_str(&String::from_utf8_lossy(bytes)),
            Self::Array(array) => {
                let mut list = serializer.serialize_seq(None)?;
                for item in array {
                    list.serialize_element(&item)?;
                }
                list.end()
            }
            Self::U64(value) => serializer.serialize_u64(value),
            Self::I64(value) => serializer.serialize_i64(value),
            Self::F64(value) => serializer.serialize_f64(value),
        }
    }
}

/// A list of values of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Array<'a> {
    item: ValueType,
    len: u64,
    bytes: &'a [u8],
}

impl<'a> Array<'a> {
    /// The type of its items.
    pub const fn item(&self) -> ValueType {
        self.item
    }

    /// How many items it has.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Its items, in order.
    pub const fn iter(&self) -> Items<'a> {
        Items {
            item: self.item,
            left: self.len,
            bytes: self.bytes,
        }
    }
}

impl<'a> IntoIterator for Array<'a> {
    type Item = Value<'a>;
    type IntoIter = Items<'a>;

    fn into_iter(self) -> Items<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &Array<'a> {
    type Item = Value<'a>;
    type IntoIter = Items<'a>;

    fn into_iter(self) -> Items<'a> {
        self.iter()
    }
}

/// The items of an [`Array`].
#[derive(Debug, Clone)]
pub struct Items<'a> {
    item: ValueType,
    left: u64,
    bytes: &'a [u8],
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        self.left = self.left.checked_sub(1)?;
        let (value, rest) = split(self.item, self.bytes)?;
        self.bytes = rest;
        Some(value)
    }
}

/// What bytes say that were checked to be a value of this type, as those of every [`RawValue`] are.
pub(crate) fn decode(kind: ValueType, bytes: &[u8]) -> Value<'_> {
    split(kind, bytes).map_or(Value::Bool(false), |(value, _)| value)
}

/// The first value of sound `bytes` and what comes behind it.
fn split(kind: ValueType, bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    if let Some(size) = kind.size() {
        let (number, rest) = bytes.split_at_checked(size)?;
        return Some((split_number(kind, number)?, rest));
    }
    if kind == ValueType::String {
        let (length, rest) = bytes.split_first_chunk()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (text, rest) = rest.split_at_checked(length)?;
        return Some((Value::String(text), rest));
    }
    let (item, rest) = bytes.split_first_chunk()?;
    let item = ValueType::from_id(u32::from_le_bytes(*item))?;
    let (len, items) = rest.split_first_chunk()?;
    let len = u64::from_le_bytes(*len);
    let rest = if let Some(size) = item.size() {
        items.get(usize::try_from(len).ok()?.checked_mul(size)?..)?
    } else {
        let mut rest = items;
        for _ in 0..len {
            rest = split(item, rest)?.1;
        }
        rest
    };
    let bytes = items.get(..items.len() - rest.len())?;
    Some((Value::Array(Array { item, len, bytes }), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_say_what_they_were_made_from() {
        assert_eq!(RawValue::from(7_u32).decode(), Value::U32(7));
        assert_eq!(RawValue::from("é").decode().as_str(), Some("é"));
        assert_eq!(
            RawValue::from(b"\xff".as_slice()).decode(),
            Value::String(b"\xff")
        );
        assert_eq!(RawValue::from(true).decode().as_bool(), Some(true));
        assert_eq!(RawValue::from(-1_i64).decode().as_u64(), None);
        assert_eq!(RawValue::from(1_i8).decode().as_u64(), Some(1));
        let floats = RawValue::array([0.5_f32, -1.0]);
        let items: Vec<_> = floats.decode().as_array().unwrap().into_iter().collect();
        assert_eq!(items, [Value::F32(0.5), Value::F32(-1.0)]);
    }

    #[test]
    fn arrays_of_arrays_are_walked() {
        let inner = [RawValue::array(["a", "bc"]), RawValue::array([1_u16, 2])];
        let outer = RawValue::array(inner);
        let json = serde_json::to_string(&outer.decode()).unwrap();
        assert_eq!(json, r#"[["a","bc"],[1,2]]"#);
    }
}
