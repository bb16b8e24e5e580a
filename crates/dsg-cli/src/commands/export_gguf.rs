//! `dsg export-gguf`.

use std::path::PathBuf;

use clap::Args;
use dsg::gguf::FileType;

use crate::error::CliError;
use crate::exit::ExitCode;
use crate::session::Session;

/// Write a model as a GGUF file for llama.cpp, Ollama or LM Studio
///
/// Takes a Hugging Face folder, such as dsg merge writes, or a GGUF file, with an adapter if one is named. Norms stay in single precision; what makes
/// logits keeps 8 bits at least; rows that a type cannot hold are stored in half precision, and told. The new file is read back: its header, every
/// value, and what it says of some texts beside what the model says.
///
/// f32, f16, bf16, q8_0, q5_1, q5_0, q4_1 and q4_0 are written by dsg itself. The others (q2_k, q3_k_s, q3_k_m, q3_k_l, q4_k_s, q4_k_m, q5_k_s,
/// q5_k_m, q6_k), and all types with --imatrix, are left to llama.cpp's quantizer, which builds with the feature llama-cpp have.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dsg export-gguf --model student/merged --out student.gguf --quant q8_0
  dsg export-gguf --model smollm2-135m.gguf --adapter student/ --out student.gguf --quant f16
  dsg export-gguf --model student/merged --out student-q4.gguf --quant q4_k_m --imatrix imatrix.gguf
  dsg export-gguf --model student/merged --out student.gguf --json | jq .check.logits.mean_kl

Exit code 1: the file was written, and reading it back found something that engines refuse.")]
pub(crate) struct ExportGgufArgs {
    /// The model: a Hugging Face folder or a GGUF file
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// A folder with adapter_config.json and adapter_model.safetensors, merged in single precision [default: none]
    #[arg(long, value_name = "FOLDER")]
    adapter: Option<PathBuf>,
    /// The new file
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// What matrices are stored as
    #[arg(long, value_name = "TYPE", default_value = "q8_0")]
    quant: FileType,
    /// The model's name in the file [default: that of the GGUF file or the folder]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How much columns weigh, as llama-imatrix measures it (GGUF)
    #[arg(long, value_name = "FILE")]
    imatrix: Option<PathBuf>,
    /// Keep the file in single precision that llama.cpp's quantizer reads
    #[arg(long)]
    preserve_tmp_dir: bool,
    /// Do not read the new file back
    #[arg(long, conflicts_with = "probe")]
    no_verify: bool,
    /// Texts to compare on, with empty lines between them [default: some that are built in]
    #[arg(long, value_name = "FILE")]
    probe: Option<PathBuf>,
}

pub(crate) fn execute(args: &ExportGgufArgs, session: &Session) -> Result<ExitCode, CliError> {
    dsg::can_train()?;
    #[cfg(feature = "train")]
    return run(args, session);
    #[cfg(not(feature = "train"))]
    {
        // Refused above.
        let _ = (args, session);
        Ok(ExitCode::Usage)
    }
}

#[cfg(feature = "train")]
mod with_feature {
    use std::fmt::Write as _;

    use dsg::{GgufJob, GgufSummary};

    use super::{CliError, ExitCode, ExportGgufArgs, Session};
    use crate::table::{Align, Table};

    pub(super) fn run(args: &ExportGgufArgs, session: &Session) -> Result<ExitCode, CliError> {
        let summary = dsg::export_gguf(&GgufJob {
            model: args.model.clone(),
            adapter: args.adapter.clone(),
            out: args.out.clone(),
            file_type: args.quant,
            name: args.name.clone(),
            imatrix: args.imatrix.clone(),
            keep_intermediate: args.preserve_tmp_dir,
            verify: !args.no_verify,
            probe: args.probe.clone(),
        })?;
        let check = summary.check.as_ref();
        let ok = check.is_none_or(|check| check.file.is_ok());
        session.verdict(ok, &summary, || text(&summary, session))
    }

    fn text(summary: &GgufSummary, session: &Session) -> String {
        let mut out = format!(
            "Wrote {}: {} bytes, {:.2} bits per weight\n",
            summary.written, summary.size, summary.bits_per_weight
        );
        let mut types = Table::new([
            ("type", Align::Left),
            ("tensors", Align::Right),
            ("values", Align::Right),
        ]);
        for share in &summary.types {
            types.row([
                share.kind.to_string(),
                share.tensors.to_string(),
                share.values.to_string(),
            ]);
        }
        for line in types.lines() {
            let _ = writeln!(out, "{line}");
        }
        for note in &summary.notes {
            let _ = writeln!(out, "{} {note}", session.paint.faint("note:"));
        }
        if let Some(path) = &summary.intermediate {
            let _ = writeln!(out, "Kept {path}");
        }
        let Some(check) = &summary.check else {
            return out;
        };
        for finding in &check.file.findings {
            let _ = writeln!(out, "{} {finding}", session.paint.bad("finding:"));
        }
        let logits = &check.logits;
        let _ = writeln!(
            out,
            "Beside the model, on {} tokens of {} texts: KL {:.2e} in the mean, {:.2e} at most; the same likeliest token {:.2} %",
            logits.positions,
            logits.texts,
            logits.mean_kl,
            logits.max_kl,
            logits.same_top * 100.0,
        );
        if logits.other_tokens > 0 {
            let _ = writeln!(
                out,
                "{} {} of the texts get other tokens",
                session.paint.warn("warning:"),
                logits.other_tokens
            );
        }
        out
    }
}

#[cfg(feature = "train")]
use with_feature::run;
