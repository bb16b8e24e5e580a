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
/// logits keeps 8 bits at least; rows that a type cannot hold are stored in half precision, and told. The new file is read back before it gets its
/// name: its header, every value, and what it says of some texts beside what the model says. One that gives texts other tokens than the model's, or
/// says something far from what the model says (mean KL above 1e-6 in f32, 1e-3 in f16 and bf16, 1e-2 in q8_0, 1 with 4 to 6 bits, 4 with fewer),
/// does not replace what was there. Beside the file, FILE.log.json says how it was made, and FILE.tokenizer/ has the tokenizer's files of a folder.
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

Exit code 1: what was read back is not what it should be, and no file was written. --preserve-tmp-dir keeps it for a look.")]
pub(crate) struct ExportGgufArgs {
    /// The model: a Hugging Face folder or a GGUF file
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// A folder with adapter_config.json and adapter_model.safetensors, merged in single precision [default: none]
    #[arg(long, value_name = "FOLDER")]
    adapter: Option<PathBuf>,
    /// The new file [default: the model's name and the type, as in SmolLM2-135M-Q8_0.gguf]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What matrices are stored as
    #[arg(long, value_name = "TYPE", default_value = "q8_0")]
    quant: FileType,
    /// The model's name in the file [default: that of the GGUF file, of config.json or of the folder]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How much columns weigh, as llama-imatrix measures it (GGUF)
    #[arg(long, value_name = "FILE")]
    imatrix: Option<PathBuf>,
    /// Keep the folder .dsg-FILE in which the file was made, until FILE is made again: with the file in single precision that llama.cpp's quantizer
    /// reads, and a file that is not what it should be. Where there is neither, nothing is kept
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
            keep_folder: args.preserve_tmp_dir,
            verify: !args.no_verify,
            probe: args.probe.clone(),
        })?;
        session.verdict(summary.is_ok(), &summary, || text(&summary, session))
    }

    fn text(summary: &GgufSummary, session: &Session) -> String {
        let what = match &summary.written {
            Some(path) => format!("Wrote {path}"),
            None => session.paint.bad("Wrote no file; what was made"),
        };
        let imatrix = if summary.imatrix {
            ", columns weighed by an importance matrix"
        } else {
            ""
        };
        let mut out = format!(
            "{what}: {}, {} bytes, {:.2} bits per weight{imatrix}\n",
            summary.file_type, summary.size, summary.bits_per_weight
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
        if let Some(path) = &summary.kept {
            let _ = writeln!(out, "Kept {path}");
        }
        let Some(check) = &summary.check else {
            return out;
        };
        for finding in &check.file.findings {
            let _ = writeln!(out, "{} {finding}", session.paint.bad("finding:"));
        }
        if let Some(why) = &check.not_compared {
            let warning = session.paint.warn("warning:");
            let _ = writeln!(out, "{warning} not compared with the model: {why}");
        }
        let Some(logits) = &check.logits else {
            return out;
        };
        let _ = writeln!(
            out,
            "Beside the model, on {} tokens of {} texts: KL {:.2e} in the mean, {:.2e} at most; the same likeliest token {:.2} %",
            logits.positions,
            logits.texts,
            logits.mean_kl,
            logits.max_kl,
            logits.same_top * 100.0,
        );
        if !logits.is_ok(summary.file_type) {
            let _ = writeln!(
                out,
                "{} that is not what the model says",
                session.paint.bad("finding:")
            );
        }
        for (is_so, what) in [
            (logits.other_tokens > 0, "some texts get other tokens"),
            (logits.other_chat, "a chat gets other tokens"),
            (logits.other_ends, "other tokens begin a text or end a turn"),
        ] {
            if is_so {
                let _ = writeln!(out, "{} {what}", session.paint.bad("finding:"));
            }
        }
        out
    }
}

#[cfg(feature = "train")]
use with_feature::run;
