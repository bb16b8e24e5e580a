//! What embedders see of dsg-train. Models are tiny and made here; nothing is downloaded.

mod damage;
mod decoder;
mod generate;
mod model;
mod reference;
mod source;
mod tokenizer;
