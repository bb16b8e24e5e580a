//! `dsg bench`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;

/// Measure how fast a model file answers, in this process
///
/// Two tests, as llama.cpp's llama-bench has them: pp512 reads a prompt of 512 tokens, tg128 writes 128, each in an empty context and with
/// random tokens. `dsg bench --threads 2 --batch 512` measures what `llama-bench -t 2 -b 512 -ub 512 -fa auto` does. The time to the first token is that of
/// reading the prompt and choosing one token; peak memory is the process's, with the model.
///
/// More threads than free cores make llama.cpp many times slower, unless OMP_WAIT_POLICY=passive is in the environment.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg bench --gguf student.gguf
  dsg bench --gguf student.gguf --threads 1,2,4 --batch 64,512 --csv bench.csv
  dsg bench --gguf student.gguf --baseline bench.csv --tolerance 0.15

Exits with 1 when a test has fewer tokens a second than the baseline less the tolerance, and when the baseline has a test that was not run.")]
pub(crate) struct BenchArgs {
    /// The model file
    #[arg(long, value_name = "FILE")]
    gguf: PathBuf,
    /// Numbers of threads, with commas [default: one a core, 8 at most]
    #[arg(long, short, value_name = "N", value_delimiter = ',')]
    threads: Vec<NonZeroUsize>,
    /// Numbers of tokens of a prompt that are read at once, with commas
    #[arg(
        long,
        short,
        value_name = "N",
        value_delimiter = ',',
        default_value = "512"
    )]
    batch: Vec<NonZeroUsize>,
    /// Tokens of the prompt; 0 leaves the test out
    #[arg(long, short, value_name = "N", default_value_t = 512)]
    prompt_tokens: usize,
    /// Tokens of the reply; 0 leaves the test out
    #[arg(long, short = 'n', value_name = "N", default_value_t = 128)]
    reply_tokens: usize,
    /// How often each test is repeated
    #[arg(long, short, value_name = "N", default_value = "5")]
    repetitions: NonZeroUsize,
    /// Count the first run of each test, too
    #[arg(long)]
    no_warm_up: bool,
    /// Also write the measurements to FILE
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Measurements that --csv wrote earlier, to compare with
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// How much slower than the baseline is still good, as a part of it
    #[arg(long, value_name = "X", default_value_t = 0.1, requires = "baseline")]
    tolerance: f64,
}

pub(crate) fn execute(args: &BenchArgs, session: &Session) -> Result<ExitCode, CliError> {
    dsg::can_bench()?;
    #[cfg(feature = "llama-cpp")]
    return run(args, session);
    #[cfg(not(feature = "llama-cpp"))]
    {
        // Refused above.
        let _ = (args, session);
        Ok(ExitCode::Usage)
    }
}

#[cfg(feature = "llama-cpp")]
mod with_feature {
    use std::fmt::Write as _;
    use std::fs::canonicalize;
    use std::thread::available_parallelism;

    use dsg::{BenchJob, BenchRow, Comparison, Tolerance};
    use serde::Serialize;

    use super::{BenchArgs, CliError, ExitCode, NonZeroUsize, Session};
    use crate::memory::in_mib;
    use crate::table::{Align, Table};
    use crate::terminal::printable;

    /// Threads where none are asked for, at most.
    const MOST_THREADS: usize = 8;

    /// What was measured.
    #[derive(Serialize)]
    struct Report {
        measurements: Vec<BenchRow>,
        #[serde(skip_serializing_if = "Option::is_none")]
        comparison: Option<Comparison>,
    }

    pub(super) fn run(args: &BenchArgs, session: &Session) -> Result<ExitCode, CliError> {
        // What cannot be read or compared with must not cost minutes first.
        let tolerance = Tolerance::new(args.tolerance)?;
        refuse_overwriting(args)?;
        let baseline = args.baseline.as_deref().map(dsg::read_rows).transpose()?;
        let measurements = dsg::bench(&BenchJob {
            gguf: args.gguf.clone(),
            threads: threads(args),
            batches: args.batch.clone(),
            prompt_tokens: args.prompt_tokens,
            reply_tokens: args.reply_tokens,
            repetitions: args.repetitions,
            warm_up: !args.no_warm_up,
        })?;
        if let Some(path) = &args.csv {
            dsg::write_rows(path, &measurements)?;
        }
        let comparison = match (&args.baseline, &baseline) {
            (Some(path), Some(rows)) => {
                Some(dsg::hold_against(&measurements, path, rows, tolerance)?)
            }
            _ => None,
        };
        let report = Report {
            measurements,
            comparison,
        };
        let ok = report.comparison.as_ref().is_none_or(Comparison::holds);
        session.verdict(ok, &report, || text(&report, session))
    }

    /// A baseline that each run replaced would follow a model that gets slower bit by bit.
    fn refuse_overwriting(args: &BenchArgs) -> Result<(), CliError> {
        let (Some(csv), Some(baseline)) = (&args.csv, &args.baseline) else {
            return Ok(());
        };
        let is_same = csv == baseline
            || canonicalize(csv)
                .is_ok_and(|csv| canonicalize(baseline).is_ok_and(|baseline| csv == baseline));
        if is_same {
            return Err(CliError::usage(
                "--csv would replace the baseline",
                "write to another file, and make it the baseline once it is good",
            ));
        }
        Ok(())
    }

    fn threads(args: &BenchArgs) -> Vec<NonZeroUsize> {
        if !args.threads.is_empty() {
            return args.threads.clone();
        }
        let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let most = NonZeroUsize::MIN.saturating_add(MOST_THREADS - 1);
        vec![cores.min(most)]
    }

    fn text(report: &Report, session: &Session) -> String {
        let paint = session.paint;
        let mut out = String::new();
        if let Some(row) = report.measurements.first() {
            let _ = writeln!(out, "{}", paint.strong(printable(&row.model)));
        }
        let mut table = Table::new([
            ("threads", Align::Right),
            ("batch", Align::Right),
            ("test", Align::Left),
            ("tokens/s", Align::Right),
            ("±", Align::Right),
            ("first token", Align::Right),
            ("memory", Align::Right),
        ]);
        for row in &report.measurements {
            let or_nothing = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
            table.row([
                row.threads.to_string(),
                row.batch.to_string(),
                row.test.clone(),
                format!("{:.2}", row.tokens_per_second),
                format!("{:.2}", row.deviation),
                or_nothing(row.first_token_ms.map(|ms| format!("{ms:.0} ms"))),
                or_nothing(row.peak_bytes.map(in_mib)),
            ]);
        }
        for line in table.lines() {
            let _ = writeln!(out, "{line}");
        }
        let Some(comparison) = &report.comparison else {
            return out;
        };
        for slower in &comparison.slower {
            let _ = writeln!(
                out,
                "{} {} with {} threads and batch {}: {:.2} tokens/s, in the baseline {:.2}",
                paint.bad("✗"),
                printable(&slower.test),
                slower.threads,
                slower.batch,
                slower.now,
                slower.baseline
            );
        }
        for missing in &comparison.missing {
            let _ = writeln!(
                out,
                "{} {} with {} threads and batch {} is in the baseline and was not run",
                paint.bad("✗"),
                printable(&missing.test),
                missing.threads,
                missing.batch
            );
        }
        if let Some(model) = &comparison.other_model {
            let note = paint.warn("note:");
            let _ = writeln!(out, "{note} the baseline is of {}", printable(model));
        }
        if comparison.unmatched > 0 {
            let note = paint.warn("note:");
            let _ = writeln!(
                out,
                "{note} {} tests are not in the baseline",
                comparison.unmatched
            );
        }
        if comparison.holds() {
            let _ = writeln!(
                out,
                "{} {} tests are as fast as the baseline, less {}",
                paint.good("✓"),
                comparison.compared,
                comparison.tolerance.get()
            );
        }
        out
    }
}

#[cfg(feature = "llama-cpp")]
use with_feature::run;
