//! Bundles a model for every target, each into a folder of its own, and says what it takes there.
//!
//! `cargo run -p dsg-export --example bundle -- model.gguf bundles/`
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::path::Path;

use dsg_export::{BundleConfig, Target, Tool, write_bundle};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(model), Some(out)) = (args.next(), args.next()) else {
        return Err("usage: bundle <model file> <folder>".into());
    };
    let tool = Tool {
        name: "an example".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    for target in Target::ALL {
        let folder = Path::new(&out).join(target.as_str());
        match write_bundle(&folder, &BundleConfig::new(&model, target), &tool, None) {
            Ok(report) => println!(
                "{target}: {} tokens of context, {} MiB of {}, {}",
                report.plan.context,
                report.plan.needs >> 20,
                report.plan.usable >> 20,
                report
                    .chat_format
                    .as_deref()
                    .unwrap_or("no known chat format"),
            ),
            // Too large for one machine is no reason to leave out the next.
            Err(error) => println!("{target}: {error}"),
        }
    }
    Ok(())
}
