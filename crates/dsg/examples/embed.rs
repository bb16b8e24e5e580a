//! Runs the pipeline from a program of one's own: own progress, own stop condition.
//!
//! ```sh
//! cargo run -p dsg --example embed -- fixtures/docs fixtures/datasetgen.yaml out
//! ```
#![allow(clippy::print_stdout, reason = "an example program talks to its user")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dsg::Pipeline;
use dsg::config::ConfigLayers;
use dsg::core::{Event, Interrupt, Observer};

/// Prints every finished stage and gives up after ten minutes.
struct Watch {
    begun: Instant,
    interrupt: Interrupt,
}

impl Observer for Watch {
    fn on_event(&self, event: &Event) {
        if let Event::StageFinished { stage, counts } = event {
            println!("{stage}: {} of {} kept", counts.kept, counts.entered);
        }
        if self.begun.elapsed() > Duration::from_mins(10) {
            self.interrupt.request();
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [docs, config, out] = args.as_slice() else {
        return Err("usage: embed <docs> <datasetgen.yaml> <outdir>".into());
    };
    let interrupt = Interrupt::default();
    let watch = Watch {
        begun: Instant::now(),
        interrupt: interrupt.clone(),
    };
    let report = Pipeline::new(ConfigLayers::new().file(config)?.resolve()?.config)?
        .with_observer(Arc::new(watch))
        .with_interrupt(interrupt)
        .run(std::slice::from_ref(docs), out)?;
    println!(
        "{} train and {} eval items in {}",
        report.train,
        report.eval,
        out.display()
    );
    Ok(())
}
