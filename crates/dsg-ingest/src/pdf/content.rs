//! Content streams to characters on a page. Only what places text is interpreted.

use hayro_syntax::content::TypedIter;
use hayro_syntax::content::ops::TypedInstruction as Op;
use hayro_syntax::object::dict::keys::{ACTUAL_TEXT, BBOX, FONT, MATRIX, OC, RESOURCES, SUBTYPE};
use hayro_syntax::object::{Array, Dict, Name, Number, ObjRef, Object, Stream, dict_or_stream};
use hayro_syntax::page::{Page, Resources};
use kurbo::{Affine, Point, Vec2};

use super::Problem;
use super::budget::{Budget, PAGE_GLYPHS};
use super::font::{Fonts, Style};
use super::stream;
use super::words::decoded;

/// Forms inside forms; real files have two or three.
const MAX_FORMS: usize = 24;
/// States saved at once.
const MAX_STATES: usize = 512;

/// A character where it stands: `x` to the right, `y` down, in points from the page's upper left corner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph {
    pub(super) c: char,
    /// Origin on the base line.
    pub(super) at: Point,
    /// From here to where the next character may begin.
    pub(super) advance: Vec2,
    /// Height of the type.
    pub(super) size: f32,
    pub(super) style: Style,
    /// Drawn without ink, as under a scanned page.
    pub(super) invisible: bool,
    /// Marked by the producer as no content, such as a page header.
    pub(super) artifact: bool,
}

/// A page's characters in the order in which they are drawn.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) glyphs: Vec<Glyph>,
    /// Whether an image is drawn.
    pub(super) image: bool,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// What files share between pages.
pub(super) struct Reader<'a, 'r> {
    pub(super) fonts: &'r mut Fonts<'a>,
    pub(super) budget: &'r mut Budget,
    /// Layers that are switched off.
    pub(super) hidden: &'r [ObjRef],
}

#[derive(Debug, Clone)]
struct Text {
    font: Option<usize>,
    size: f64,
    char_space: f64,
    word_space: f64,
    scale: f64,
    leading: f64,
    rise: f64,
    invisible: bool,
}

#[derive(Debug, Clone)]
struct State {
    ctm: Affine,
    text: Text,
}

/// A marked part of the content.
struct Mark {
    artifact: bool,
    hidden: bool,
    /// What the part reads as, and the first glyph of it.
    actual: Option<(String, usize)>,
}

/// Reads `page`.
pub(super) fn read<'a>(page: &Page<'a>, reader: &mut Reader<'a, '_>) -> Result<Content, Problem> {
    let (width, height) = page.render_dimensions();
    let mut interpreter = Interpreter {
        reader,
        content: Content {
            width: f64::from(width),
            height: f64::from(height),
            ..Content::default()
        },
        marks: Vec::new(),
        matrix: Affine::IDENTITY,
        line: Affine::IDENTITY,
        forms: 0,
    };
    let data = interpreter.page_data(page)?;
    let state = State {
        ctm: Affine::new(page.initial_transform(true).as_coeffs()),
        text: Text {
            font: None,
            size: 1.0,
            char_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
            invisible: false,
        },
    };
    interpreter.run(&data, page.resources(), state)?;
    Ok(interpreter.content)
}

struct Interpreter<'a, 'r, 'f> {
    reader: &'r mut Reader<'a, 'f>,
    content: Content,
    marks: Vec<Mark>,
    matrix: Affine,
    line: Affine,
    forms: usize,
}

impl<'a> Interpreter<'a, '_, '_> {
    fn page_data(&mut self, page: &Page<'a>) -> Result<Vec<u8>, Problem> {
        const CONTENTS: &[u8] = b"Contents";
        let dict = page.raw();
        let mut data = Vec::new();
        if let Some(stream) = dict.get::<Stream<'_>>(CONTENTS) {
            data = stream::content(&stream, self.reader.budget)?.into_owned();
        } else if let Some(streams) = dict.get::<Array<'_>>(CONTENTS) {
            for stream in streams.iter::<Stream<'_>>() {
                data.extend_from_slice(&stream::content(&stream, self.reader.budget)?);
                // A token never goes on in the next stream.
                data.push(b'\n');
            }
        }
        Ok(data)
    }

    fn run(&mut self, data: &[u8], resources: &Resources<'a>, state: State) -> Result<(), Problem> {
        let mut state = state;
        let mut saved: Vec<State> = Vec::new();
        let marks = self.marks.len();
        let mut operations = TypedIter::new(data);
        while let Some(operation) = operations.next() {
            self.reader.budget.operation()?;
            match operation {
                Op::SaveState(_) if saved.len() < MAX_STATES => saved.push(state.clone()),
                Op::RestoreState(_) => {
                    if let Some(restored) = saved.pop() {
                        state = restored;
                    }
                }
                Op::Transform(m) => {
                    state.ctm *= affine([m.0, m.1, m.2, m.3, m.4, m.5]);
                }
                Op::SetGraphicsState(name) => self.graphics_state(name.0, resources, &mut state),
                Op::XObject(name) => self.form(name.0, resources, &state)?,
                Op::InlineImage(_) => self.content.image = true,
                Op::BeginMarkedContent(mark) => self.begin_mark(mark.0, None, resources),
                Op::BeginMarkedContentWithProperties(mark) => {
                    self.begin_mark(mark.0, Some(mark.1), resources);
                }
                Op::EndMarkedContent(_) if self.marks.len() > marks => self.end_mark(),
                other => self.text(&other, resources, &mut state)?,
            }
        }
        while self.marks.len() > marks {
            self.end_mark();
        }
        Ok(())
    }

    fn text(
        &mut self,
        operation: &Op<'_, '_>,
        resources: &Resources<'a>,
        state: &mut State,
    ) -> Result<(), Problem> {
        let text = &mut state.text;
        match operation {
            Op::BeginText(_) => {
                self.matrix = Affine::IDENTITY;
                self.line = Affine::IDENTITY;
            }
            Op::SetTextMatrix(m) => {
                self.line = affine([m.0, m.1, m.2, m.3, m.4, m.5]);
                self.matrix = self.line;
            }
            Op::TextFont(font) => {
                let dict = resources.get_font(font.0);
                text.font = self.reader.fonts.load(dict.as_ref());
                text.size = font.1.as_f64();
            }
            Op::CharacterSpacing(space) => text.char_space = space.0.as_f64(),
            Op::WordSpacing(space) => text.word_space = space.0.as_f64(),
            Op::HorizontalScaling(scale) => text.scale = scale.0.as_f64() / 100.0,
            Op::TextLeading(leading) => text.leading = leading.0.as_f64(),
            Op::TextRise(rise) => text.rise = rise.0.as_f64(),
            Op::TextRenderingMode(mode) => text.invisible = mode.0.as_i64() == 3,
            Op::NextLine(by) => self.next_line(by.0.as_f64(), by.1.as_f64()),
            Op::NextLineAndSetLeading(by) => {
                text.leading = -by.1.as_f64();
                self.next_line(by.0.as_f64(), by.1.as_f64());
            }
            Op::NextLineUsingLeading(_) => self.next_line(0.0, -text.leading),
            Op::ShowText(shown) => self.show(shown.0.as_bytes(), state)?,
            Op::NextLineAndShowText(shown) => {
                self.next_line(0.0, -text.leading);
                self.show(shown.0.as_bytes(), state)?;
            }
            Op::ShowTextWithParameters(shown) => {
                text.word_space = shown.0.as_f64();
                text.char_space = shown.1.as_f64();
                self.next_line(0.0, -text.leading);
                self.show(shown.2.as_bytes(), state)?;
            }
            Op::ShowTexts(parts) => {
                for part in parts.0.iter::<Object<'_>>() {
                    match part {
                        Object::Number(back) => {
                            let by = -back.as_f64() / 1000.0 * state.text.size * state.text.scale;
                            self.matrix *= Affine::translate((by, 0.0));
                        }
                        Object::String(shown) => self.show(shown.as_bytes(), state)?,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn next_line(&mut self, x: f64, y: f64) {
        self.line *= Affine::translate((x, y));
        self.matrix = self.line;
    }

    fn show(&mut self, bytes: &[u8], state: &mut State) -> Result<(), Problem> {
        let text = &mut state.text;
        if text.font.is_none() {
            text.font = self.reader.fonts.load(None);
        }
        let Some(face) = text.font.and_then(|font| self.reader.fonts.face(font)) else {
            return Ok(());
        };
        let hidden = self.marks.iter().any(|mark| mark.hidden);
        let artifact = self.marks.iter().any(|mark| mark.artifact);
        let mut at = 0;
        while at < bytes.len() {
            self.reader.budget.glyph()?;
            let (code, length) = face.read_code(bytes, at);
            at += length;
            let shown = face.shown(code);
            let mut advance = shown.advance / 1000.0 * text.size + text.char_space;
            if code == 32 && length == 1 {
                advance += text.word_space;
            }
            let full = state.ctm * self.matrix;
            let [a, b, c, d, _, _] = full.as_coeffs();
            let advance = advance * text.scale;
            let size = c.hypot(d) * text.size.abs() * face.em;
            let place = full * Point::new(0.0, text.rise);
            if !hidden && place.is_finite() && size.is_finite() {
                let count = shown.chars.len().max(1) as f64;
                let step = Vec2::new(a, b) * (advance / count);
                let mut origin = place;
                if self.content.glyphs.len() > PAGE_GLYPHS {
                    return Err(Problem::OverLimit {
                        what: "characters on one page",
                        limit: PAGE_GLYPHS as u64,
                    });
                }
                for c in &shown.chars {
                    self.content.glyphs.push(Glyph {
                        c: *c,
                        at: origin,
                        advance: step,
                        #[allow(
                            clippy::cast_possible_truncation,
                            reason = "points on a page need no more precision"
                        )]
                        size: size as f32,
                        style: face.style,
                        invisible: text.invisible,
                        artifact,
                    });
                    origin += step;
                }
            }
            self.matrix *= Affine::translate((advance, 0.0));
        }
        Ok(())
    }

    fn graphics_state(&mut self, name: &Name<'_>, resources: &Resources<'a>, state: &mut State) {
        let font = resources
            .get_ext_g_state(name)
            .and_then(|dict| dict.get::<Array<'_>>(FONT));
        if let Some(font) = font {
            let mut parts = font.flex_iter();
            let dict = parts.next::<Dict<'_>>();
            if let Some(size) = parts.next::<Number>() {
                state.text.font = self.reader.fonts.load(dict.as_ref());
                state.text.size = size.as_f64();
            }
        }
    }

    fn form(
        &mut self,
        name: &Name<'_>,
        resources: &Resources<'a>,
        state: &State,
    ) -> Result<(), Problem> {
        let Some(stream) = resources.get_x_object(name) else {
            return Ok(());
        };
        let dict = stream.dict();
        if dict
            .get::<Name<'_>>(SUBTYPE)
            .is_some_and(|kind| kind.as_str() == "Image")
        {
            self.content.image = true;
            return Ok(());
        }
        let switched_off = dict
            .get_ref(OC)
            .is_some_and(|layer| self.reader.hidden.contains(&layer));
        if switched_off || self.forms >= MAX_FORMS || dict.get::<[f32; 4]>(BBOX).is_none() {
            return Ok(());
        }
        self.reader.budget.form()?;
        let data = stream::content(&stream, self.reader.budget)?;
        let mut inner = state.clone();
        inner.ctm *= Affine::new(
            dict.get::<[f64; 6]>(MATRIX)
                .unwrap_or([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
        );
        let own = dict.get::<Dict<'a>>(RESOURCES).map(Resources::new);
        let (matrix, line) = (self.matrix, self.line);
        self.forms += 1;
        let done = self.run(&data, own.as_ref().unwrap_or(resources), inner);
        self.forms -= 1;
        (self.matrix, self.line) = (matrix, line);
        done
    }

    fn begin_mark(
        &mut self,
        tag: &Name<'_>,
        properties: Option<&Object<'_>>,
        resources: &Resources<'a>,
    ) {
        let mut mark = Mark {
            artifact: tag.as_str() == "Artifact",
            hidden: false,
            actual: None,
        };
        let actual = |dict: &Dict<'_>| {
            dict.get::<hayro_syntax::object::String<'_>>(ACTUAL_TEXT)
                .map(|text| decoded(text.as_bytes()))
        };
        let text = match properties {
            Some(Object::Name(name)) => {
                mark.hidden = resources
                    .properties
                    .get_ref(name)
                    .is_some_and(|layer| self.reader.hidden.contains(&layer));
                let dict = resources.properties.get::<Dict<'_>>(name);
                dict.and_then(|dict| actual(&dict))
            }
            Some(object) => dict_or_stream(object).and_then(|(dict, _)| actual(dict)),
            None => None,
        };
        mark.actual = text.map(|text| (text, self.content.glyphs.len()));
        self.marks.push(mark);
    }

    fn end_mark(&mut self) {
        let Some((text, first)) = self.marks.pop().and_then(|mark| mark.actual) else {
            return;
        };
        let glyphs = &mut self.content.glyphs;
        let (Some(head), Some(last)) = (glyphs.get(first).copied(), glyphs.last().copied()) else {
            return;
        };
        let drawn = glyphs.get(first..).unwrap_or_default();
        // Text that says what is drawn anyway tells nothing new, and the drawn one has its places.
        if drawn.iter().map(|glyph| glyph.c).eq(text.chars()) {
            return;
        }
        let whole = last.at + last.advance - head.at;
        let (along, across) = (whole.dot(head.advance), whole.cross(head.advance).abs());
        // One text for several lines has no places for its characters.
        if along <= 0.0 || across > f64::from(head.size) * 0.5 * head.advance.hypot() {
            return;
        }
        glyphs.truncate(first);
        let chars: Vec<char> = text.chars().filter(|c| !c.is_control()).collect();
        let step = whole / (chars.len().max(1) as f64);
        glyphs.extend(chars.into_iter().enumerate().map(|(nth, c)| Glyph {
            c: if c.is_whitespace() { ' ' } else { c },
            at: head.at + step * nth as f64,
            advance: step,
            ..head
        }));
    }
}

fn affine(m: [Number; 6]) -> Affine {
    Affine::new(m.map(|number| number.as_f64()))
}
