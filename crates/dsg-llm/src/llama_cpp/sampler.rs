//! The next token: by likelihood, within a grammar.

use dsg_core::Sampling;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::json_schema_to_grammar;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;
use serde_json::Value;

use super::repetition::repetitions;

/// What llama.cpp takes as "any seed".
const RANDOM_SEED: u32 = u32::MAX;

/// Repetitions of one rule that llama.cpp's reader of grammars takes; it complains about more on standard error.
const MOST_REPETITIONS: usize = 2000;

/// The rule that a reply is.
pub(super) const ROOT: &str = "root";

/// A grammar that holds replies to `schema`; `None` where llama.cpp has none for it.
pub(super) fn grammar(model: &LlamaModel, schema: &Value) -> Option<LlamaSampler> {
    LlamaSampler::grammar(model, &gbnf(schema)?, ROOT).ok()
}

/// The same as text, in llama.cpp's own notation.
pub(super) fn gbnf(schema: &Value) -> Option<String> {
    let text = schema.to_string();
    let grammar = json_schema_to_grammar(&text).ok()?;
    let can_be_read = repetitions(&grammar)
        .iter()
        .all(|repetition| repetition.is_possible() && repetition.least <= MOST_REPETITIONS);
    can_be_read.then_some(grammar)
}

/// Chooses tokens for one reply.
pub(super) struct Sampler {
    chain: LlamaSampler,
    grammar: Option<LlamaSampler>,
}

impl Sampler {
    pub(super) fn new(sampling: &Sampling, grammar: Option<LlamaSampler>) -> Self {
        let mut steps = Vec::new();
        if sampling.temperature > 0.0 {
            if sampling.top_p < 1.0 {
                steps.push(LlamaSampler::top_p(sampling.top_p, 1));
            }
            steps.push(LlamaSampler::temp(sampling.temperature));
            let seed = sampling.seed.min(RANDOM_SEED - 1);
            steps.push(LlamaSampler::dist(seed));
        } else {
            steps.push(LlamaSampler::greedy());
        }
        Self {
            chain: LlamaSampler::chain(steps, true),
            grammar,
        }
    }

    /// The token after the last decoded one, whose place in its batch is `index`; `None` where the grammar allows none.
    ///
    /// To check every token of the vocabulary against the grammar costs more than to decode one. The likeliest mostly fits
    /// already, so it is checked alone, and the others only when it does not.
    pub(super) fn next(&mut self, context: &LlamaContext<'_>, index: i32) -> Option<LlamaToken> {
        let mut candidates = context.token_data_array_ith(index);
        candidates.apply_sampler(&mut self.chain);
        let free = candidates.selected_token()?;
        let Some(grammar) = &mut self.grammar else {
            return Some(free);
        };
        let alone = vec![LlamaTokenData::new(free, 0.0, 0.0)];
        let alone = LlamaTokenDataArray::new(alone, false).with_sampler(grammar);
        if alone.data.iter().all(|token| token.logit().is_finite()) {
            return Some(free);
        }
        let mut candidates = context.token_data_array_ith(index);
        candidates.apply_sampler(grammar);
        candidates.apply_sampler(&mut self.chain);
        let chosen = candidates.data.get(candidates.selected?)?;
        chosen.logit().is_finite().then(|| chosen.id())
    }

    /// Moves the grammar past a token that [`Sampler::next`] chose; whether it could.
    pub(super) fn accept(&mut self, token: LlamaToken) -> bool {
        self.grammar
            .as_mut()
            .is_none_or(|grammar| grammar.try_accept(token).is_ok())
    }
}
