//! One item: quotes first, then the question, then the answer from the quotes.

use dsg_core::{
    Candidate, CandidateSchema, Chunk, ChunkId, Citation, Difficulty, Generator as Author,
    QuestionType, Retriever, Seed, Span,
};
use serde_json::{Map, Value, json};

use crate::error::GenerateError;
use crate::generator::comparable;
use crate::model::ask::{Answered, Asker, Call, Trouble};
use crate::model::config::ModelWriterConfig;
use crate::model::evidence::Evidence;
use crate::model::prompts::{self, Fields};
use crate::model::reason::ModelDropReason;
use crate::model::reply::{self, Said};
use crate::model::structure::{faithful, is_messy};

/// What is to be written about which chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Task {
    /// What it is, hashed: the same for the same chunk and plan, whatever else is in the corpus.
    pub(crate) id: String,
    /// Its place in the run.
    pub(crate) number: usize,
    pub(crate) topic: usize,
    pub(crate) difficulty: Difficulty,
    pub(crate) question_type: QuestionType,
    /// Position of the chunk.
    pub(crate) chunk: usize,
    pub(crate) kind: Kind,
}

/// What an item's answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One chunk.
    Single,
    /// Two: the task's own and the one at this position.
    Multi(usize),
    /// Nothing: the documentation does not tell.
    Unanswerable,
}

/// An item as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) question: String,
    pub(crate) answer: String,
    citations: Vec<Citation>,
    evidence: Vec<ChunkId>,
    /// Ids of the prompts, that of the answer last.
    prompts: Vec<String>,
}

/// Answers where there is none; `{}` is the nearest section.
const UNTOLD: [&str; 3] = [
    "The documentation does not say. The section that comes nearest is “{}”.",
    "That is not documented. “{}” comes nearest and leaves it open.",
    "I find no answer to this in the documentation; “{}” is the section closest to it.",
];

/// Tokens of a structured chunk at most: so many times its own, and what the shortest is taken for.
const STRUCTURE_ROOM: usize = 2;
const MIN_STRUCTURE_TOKENS: usize = 64;

/// Writes items.
pub(crate) struct TaskWriter<'a> {
    pub(crate) asker: Asker<'a>,
    pub(crate) settings: &'a ModelWriterConfig,
    pub(crate) subject: Option<&'a str>,
    pub(crate) retriever: &'a dyn Retriever,
}

impl TaskWriter<'_> {
    /// The item of `task`. `avoid` holds the questions of its chunk so far, `replies` takes every reply.
    pub(crate) async fn write(
        &self,
        task: &Task,
        avoid: &[String],
        replies: &mut Vec<Value>,
    ) -> Result<Item, Trouble> {
        let mut chunks = vec![self.chunk(task.chunk)?];
        if let Kind::Multi(partner) = task.kind {
            chunks.push(self.chunk(partner)?);
        }
        let mut evidence = Evidence::new(&chunks);
        if self.settings.structure {
            self.structure(&mut evidence, replies).await?;
        }
        let persona = self.asker.seed.derive("generate/persona", &task.id);
        let persona = persona.pick(&self.settings.personas);
        let recent = avoid.len().saturating_sub(self.settings.avoid);
        let fields = Fields {
            passages: evidence.whole(),
            kind: prompts::kind(task.question_type),
            level: prompts::level(task.difficulty),
            persona: persona.map_or("", String::as_str),
            subject: self.subject,
            steps: task.question_type == QuestionType::Procedural,
            most: self.settings.max_quotes,
            avoid: avoid.get(recent..).unwrap_or_default(),
            ..Fields::default()
        };
        match task.kind {
            Kind::Unanswerable => self.untold(task, &evidence, fields, avoid, replies).await,
            Kind::Single | Kind::Multi(_) => {
                self.told(task, &evidence, fields, avoid, replies).await
            }
        }
    }

    /// Sets the messy chunks in order. One that the model cannot set in order is read as it is.
    async fn structure(
        &self,
        evidence: &mut Evidence<'_>,
        replies: &mut Vec<Value>,
    ) -> Result<(), Trouble> {
        for (number, chunk) in evidence.chunks().iter().enumerate() {
            let Some(passage) = evidence.whole().get(number).filter(|_| is_messy(chunk)) else {
                continue;
            };
            let call = Call {
                prompt: prompts::STRUCTURE,
                schema: reply::text_schema("text"),
                max_tokens: chunk.tokens.max(MIN_STRUCTURE_TOKENS) * STRUCTURE_ROOM,
                temperature: 0.0,
                fewer: &[],
                // The same for every task on the chunk, so that the reply store has it for all but the first.
                draw: chunk.chunk_id.to_string(),
            };
            let fields = Fields {
                passages: std::slice::from_ref(passage),
                ..Fields::default()
            };
            let said = |text: &str| reply::text(text, "text");
            let text = match self.asker.ask(call, fields, replies, said).await {
                Ok(Answered {
                    said: Said::This(text),
                    ..
                }) => text,
                // A model that failed is asked again by the next run, which must find what this one did.
                Err(trouble @ Trouble::Miss(ModelDropReason::ModelFailed, _)) => {
                    return Err(trouble);
                }
                Ok(_) | Err(Trouble::Miss(..)) => continue,
                Err(trouble) => return Err(trouble),
            };
            let aligner = evidence.aligners().get(number);
            if let Some(text) = aligner.and_then(|aligner| faithful(chunk, aligner, &text)) {
                evidence.read_as(number, &text);
            }
        }
        Ok(())
    }

    async fn told(
        &self,
        task: &Task,
        evidence: &Evidence<'_>,
        fields: Fields<'_>,
        avoid: &[String],
        replies: &mut Vec<Value>,
    ) -> Result<Item, Trouble> {
        let chosen = self.quotes(task, evidence, &fields, replies).await?;
        let citations = evidence.citations(&chosen.said);
        let quotes: Vec<&str> = citations.iter().map(|c| c.quote.as_str()).collect();

        let call = Call {
            prompt: prompts::QUESTION,
            schema: reply::text_schema("question"),
            max_tokens: self.settings.question_tokens,
            temperature: self.settings.temperature,
            fewer: &[],
            draw: task.id.clone(),
        };
        let with_quotes = Fields {
            quotes: quotes.clone(),
            ..fields.clone()
        };
        let asked = self
            .asker
            .ask(call, with_quotes, replies, |text| {
                reply::text(text, "question")
            })
            .await?;
        let question = granted(asked.said)?;
        refuse_taken(&question, avoid)?;

        let call = Call {
            prompt: prompts::ANSWER,
            schema: reply::text_schema("answer"),
            max_tokens: self.settings.answer_tokens,
            temperature: 0.0,
            fewer: &[],
            draw: task.id.clone(),
        };
        let with_question = Fields {
            quotes,
            question: Some(&question),
            ..fields
        };
        let answered = self
            .asker
            .ask(call, with_question, replies, |text| {
                reply::text(text, "answer")
            })
            .await?;
        let answer = granted(answered.said)?;
        let spans = [chosen.said, evidence.copied(&answer)].concat();
        Ok(Item {
            question,
            answer,
            citations: evidence.citations(&spans),
            evidence: ids(evidence.chunks()),
            prompts: vec![chosen.prompt, asked.prompt, answered.prompt],
        })
    }

    /// Spans of the quotes that the model chose. Those that are not in the text are asked for once more; what has no place then
    /// is left out.
    async fn quotes(
        &self,
        task: &Task,
        evidence: &Evidence<'_>,
        fields: &Fields<'_>,
        replies: &mut Vec<Value>,
    ) -> Result<Answered<Vec<(usize, Span)>>, Trouble> {
        let first = self
            .quote_call(&task.id, evidence, fields.clone(), replies)
            .await?;
        let chosen = granted(first.said)?;
        let mut resolved = evidence.resolve(&chosen);
        if !resolved.missing.is_empty() || !evidence.is_covered(&resolved.spans) {
            let missing = std::mem::take(&mut resolved.missing);
            let again = Fields {
                missing: &missing,
                ..fields.clone()
            };
            let draw = format!("{}/repair", task.id);
            let repaired = match self.quote_call(&draw, evidence, again, replies).await {
                Ok(Answered {
                    said: Said::This(quotes),
                    ..
                }) => evidence.resolve(&quotes),
                // What has a place already is kept.
                Ok(_) | Err(Trouble::Miss(..)) => evidence.resolve(&missing),
                Err(trouble) => return Err(trouble),
            };
            for span in repaired.spans {
                if !resolved.spans.contains(&span) {
                    resolved.spans.push(span);
                }
            }
            resolved.missing = repaired.missing;
            resolved.ambiguous = repaired.ambiguous;
        }
        if resolved.spans.is_empty() {
            let reason = if resolved.ambiguous {
                ModelDropReason::QuoteAmbiguous
            } else {
                ModelDropReason::QuoteNotFound
            };
            return Trouble::miss(reason, listed(&resolved.missing));
        }
        if !evidence.is_covered(&resolved.spans) {
            return Trouble::miss(
                ModelDropReason::OneSourceOnly,
                "all quotes are from one of the two chunks",
            );
        }
        Ok(Answered {
            said: resolved.spans,
            prompt: first.prompt,
        })
    }

    async fn quote_call(
        &self,
        draw: &str,
        evidence: &Evidence<'_>,
        fields: Fields<'_>,
        replies: &mut Vec<Value>,
    ) -> Result<Answered<Said<Vec<String>>>, Trouble> {
        let most = self.settings.max_quotes.max(evidence.chunks().len());
        let call = Call {
            prompt: prompts::QUOTES,
            schema: reply::quotes_schema(most),
            max_tokens: self.settings.quote_tokens,
            temperature: 0.0,
            fewer: evidence.halves(),
            draw: draw.to_owned(),
        };
        let mut answered = self.asker.ask(call, fields, replies, reply::quotes).await?;
        if let Said::This(quotes) = &mut answered.said {
            quotes.truncate(most);
        }
        Ok(answered)
    }

    /// A question that no chunk which a search brings up for it answers.
    async fn untold(
        &self,
        task: &Task,
        evidence: &Evidence<'_>,
        fields: Fields<'_>,
        avoid: &[String],
        replies: &mut Vec<Value>,
    ) -> Result<Item, Trouble> {
        let call = Call {
            prompt: prompts::UNANSWERABLE,
            schema: reply::text_schema("question"),
            max_tokens: self.settings.question_tokens,
            temperature: self.settings.temperature,
            fewer: evidence.halves(),
            draw: task.id.clone(),
        };
        let asked = self
            .asker
            .ask(call, fields.clone(), replies, |text| {
                reply::text(text, "question")
            })
            .await?;
        let question = granted(asked.said)?;
        refuse_taken(&question, avoid)?;

        let hits = self
            .retriever
            .search(&question, self.settings.search_depth)
            .map_err(|source| {
                Trouble::Run(GenerateError::Search {
                    question: question.clone(),
                    source,
                })
            })?;
        let mut places: Vec<usize> = hits.into_iter().map(|hit| hit.position).collect();
        if !places.contains(&task.chunk) {
            places.push(task.chunk);
        }
        let mut searched: Vec<Chunk> = Vec::new();
        for place in places {
            let chunks = [self.chunk(place)?];
            let there = Evidence::new(&chunks);
            let search = Fields {
                passages: there.whole(),
                question: Some(&question),
                avoid: &[],
                ..fields.clone()
            };
            let draw = format!(
                "{}/{}",
                task.id,
                ids(&chunks).first().map_or("", ChunkId::as_str)
            );
            let found = self.quote_call(&draw, &there, search, replies).await?.said;
            if let Said::This(quotes) = found
                && let Some((_, span)) = there.resolve(&quotes).spans.first()
            {
                let [chunk] = &chunks;
                return Trouble::miss(
                    ModelDropReason::Answerable,
                    format!(
                        "{} says: {}",
                        chunk.chunk_id,
                        chunk.slice(*span).unwrap_or_default()
                    ),
                );
            }
            let [chunk] = chunks;
            searched.push(chunk);
        }
        let nearest = Evidence::new(searched.get(..1).unwrap_or_default());
        let section = nearest
            .chunks()
            .first()
            .and_then(|chunk| chunk.heading_path.last())
            .map_or("", String::as_str);
        let seed: Seed = self.asker.seed.derive("generate/untold", &task.id);
        let answer = seed.pick(&UNTOLD).copied().unwrap_or_default();
        Ok(Item {
            answer: answer.replace("{}", section),
            question,
            citations: nearest.citations(&nearest.opening().into_iter().collect::<Vec<_>>()),
            evidence: ids(&searched),
            prompts: vec![asked.prompt],
        })
    }

    fn chunk(&self, position: usize) -> Result<Chunk, Trouble> {
        self.retriever
            .get(position)
            .map_err(|source| Trouble::Run(GenerateError::Chunk { position, source }))?
            .ok_or(Trouble::Run(GenerateError::MissingChunk { position }))
    }
}

impl Task {
    /// The candidate that `item` makes.
    pub(crate) fn candidate(
        &self,
        item: Item,
        topic: &str,
        author: (&str, &str),
        seed: Seed,
    ) -> Candidate {
        let mut extra = Map::new();
        extra.insert("prompts".to_owned(), json!(item.prompts));
        match self.kind {
            Kind::Single => {}
            Kind::Multi(_) => {
                extra.insert("multi_chunk".to_owned(), json!(true));
            }
            Kind::Unanswerable => {
                extra.insert("unanswerable".to_owned(), json!(true));
            }
        }
        let (provider, model) = author;
        Candidate {
            schema: CandidateSchema,
            id: Candidate::content_id("qa", &item.question, &item.answer, &item.citations),
            task: "qa".to_owned(),
            topic: topic.to_owned(),
            difficulty: self.difficulty,
            question_type: self.question_type,
            question: item.question,
            answer: item.answer,
            citations: item.citations,
            evidence: item.evidence,
            generator: Author {
                provider: provider.to_owned(),
                model: Some(model.to_owned()),
                prompt: item.prompts.last().cloned().unwrap_or_default(),
                seed: seed.derive("generate", &self.id),
            },
            verdict: None,
            extra,
        }
    }
}

fn ids(chunks: &[Chunk]) -> Vec<ChunkId> {
    chunks.iter().map(|chunk| chunk.chunk_id.clone()).collect()
}

fn granted<T>(said: Said<T>) -> Result<T, Trouble> {
    match said {
        Said::This(what) => Ok(what),
        Said::Cannot(why) => Trouble::miss(ModelDropReason::CannotAnswer, why),
    }
}

fn refuse_taken(question: &str, avoid: &[String]) -> Result<(), Trouble> {
    let asked = comparable(question);
    if avoid.iter().any(|taken| comparable(taken) == asked) {
        return Trouble::miss(ModelDropReason::DuplicateQuestion, question);
    }
    Ok(())
}

fn listed(quotes: &[String]) -> String {
    let quotes: Vec<String> = quotes.iter().map(|quote| format!("“{quote}”")).collect();
    quotes.join(", ")
}
