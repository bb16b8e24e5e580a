//! The half of the generator that asks a model.

mod align;
