//! Schema tags: zero-sized values that write their text and refuse any other when read.

/// Declares a tag type that serializes as `$tag` and fails to deserialize from anything else.
macro_rules! schema_tag {
    ($(#[$doc:meta])* $name:ident = $tag:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct $name;

        impl $name {
            /// The tag's text.
            pub const TAG: &'static str = $tag;
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(Self::TAG)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let found = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                if found == Self::TAG {
                    Ok(Self)
                } else {
                    Err(serde::de::Error::custom(format_args!(
                        "expected schema `{}`, found `{found}`", Self::TAG
                    )))
                }
            }
        }
    };
}
pub(crate) use schema_tag;
