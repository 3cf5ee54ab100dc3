//! Why a text is no JSON, and what to write instead.

use crate::model::{Language, Syntax};

#[expect(
    clippy::too_many_lines,
    reason = "one arm for each variant and none for the rest: a new one asks for its words"
)]
pub(super) fn syntax(language: Language, fault: &Syntax) -> String {
    match fault {
        Syntax::OpenInLine => say!(
            language,
            "this text is not closed in its line: a double quote is missing",
            "este texto no se cierra en su línea: falta una comilla doble"
        ),
        Syntax::Open => say!(
            language,
            "this text is never closed: a double quote is missing",
            "este texto no se cierra nunca: falta una comilla doble"
        ),
        Syntax::Control => say!(
            language,
            "a control character stands in this text: take it out, or write \\t for a tab",
            "hay un carácter de control en este texto: quítelo, o escriba \\t para un tabulador"
        ),
        Syntax::Escape => say!(
            language,
            "a backslash in a text must be one of \\\\ \\\" \\/ \\b \\f \\n \\r \\t or \\u with four hexadecimal digits",
            "una barra invertida en un texto debe ser \\\\ \\\" \\/ \\b \\f \\n \\r \\t o \\u con cuatro cifras hexadecimales"
        ),
        Syntax::SingleQuotes => say!(
            language,
            "a text stands in double quotes: write \"…\" instead of '…'",
            "un texto va entre comillas dobles: escriba \"…\" en lugar de '…'"
        ),
        Syntax::Python => say!(
            language,
            "this is a dictionary of Python, not JSON: write what json.dumps() makes of it, with texts in \"…\", true for True and false for False",
            "esto es un diccionario de Python, no JSON: escriba lo que da json.dumps(), con los textos entre \"…\", true por True y false por False"
        ),
        Syntax::Typographic(quote) => say!(
            language,
            "{quote} is no quote of JSON: write \" instead",
            "{quote} no es una comilla de JSON: escriba \" en su lugar"
        ),
        Syntax::Otherwise => say!(
            language,
            "the file is no JSON: it must begin with {{ and end with }}, and keys and texts stand in double quotes, for example {{ \"projects\": {{ … }} }}",
            "el archivo no es JSON: debe empezar por {{ y acabar en }}, y las claves y los textos van entre comillas dobles, por ejemplo {{ \"projects\": {{ … }} }}"
        ),
        Syntax::Word(written, meant) => say!(
            language,
            "write {meant} instead of {written}",
            "escriba {meant} en lugar de {written}"
        ),
        Syntax::Nothing(written) => say!(
            language,
            "there is no {written} here: take this entry out, or give it a value",
            "aquí no hay {written}: quite esta entrada, o dele un valor"
        ),
        Syntax::Unknown => say!(
            language,
            "this is neither text in double quotes, nor a number, nor true or false",
            "esto no es ni un texto entre comillas dobles, ni un número, ni true o false"
        ),
        Syntax::Comment => say!(
            language,
            "a comment begins with // here, not with #",
            "un comentario empieza aquí por //, no por #"
        ),
        Syntax::OpenComment => say!(
            language,
            "this comment is never closed: a */ is missing",
            "este comentario no se cierra nunca: falta un */"
        ),
        Syntax::DecimalComma(number) => say!(
            language,
            "a decimal comma parts two entries here: write {number}",
            "una coma decimal separa aquí dos entradas: escriba {number}"
        ),
        Syntax::Hexadecimal => say!(
            language,
            "numbers are decimal: write 255 instead of 0xff",
            "los números son decimales: escriba 255 en lugar de 0xff"
        ),
        Syntax::Plus => say!(
            language,
            "write the number without the plus sign",
            "escriba el número sin el signo más"
        ),
        Syntax::BarePoint => say!(
            language,
            "a decimal point needs a digit on both sides: write 0.5 instead of .5, and 5 or 5.0 instead of 5.",
            "un punto decimal necesita una cifra a cada lado: escriba 0.5 en lugar de .5, y 5 o 5.0 en lugar de 5."
        ),
        Syntax::NotFinite => say!(
            language,
            "write a number: Infinity and NaN are none",
            "escriba un número: Infinity y NaN no lo son"
        ),
        Syntax::LeadingZero => say!(
            language,
            "write the number without leading zeros",
            "escriba el número sin ceros delante"
        ),
        Syntax::UnitBehind => say!(
            language,
            "write the number alone, without a unit behind it",
            "escriba el número solo, sin unidad detrás"
        ),
        Syntax::NoDigit => say!(
            language,
            "this number is not complete: a digit is missing",
            "este número está incompleto: falta una cifra"
        ),
        Syntax::NoKey => say!(
            language,
            "here a key in double quotes must stand, for example \"max_workers\", or the closing }}",
            "aquí debe ir una clave entre comillas dobles, por ejemplo \"max_workers\", o la }} que cierra"
        ),
        Syntax::NoColon => say!(
            language,
            "after a key a colon and its value must stand: \"key\": value",
            "tras una clave van dos puntos y su valor: \"clave\": valor"
        ),
        Syntax::NoValue => say!(
            language,
            "after the colon a value must stand",
            "tras los dos puntos debe ir un valor"
        ),
        Syntax::NoComma => say!(
            language,
            "a comma is missing here, before the next entry",
            "falta una coma aquí, antes de la entrada siguiente"
        ),
        Syntax::Comma => say!(
            language,
            "there is a comma too many here: take it out",
            "sobra una coma aquí: quítela"
        ),
        Syntax::Colon => say!(
            language,
            "a colon stands only between a key and its value: take it out",
            "los dos puntos van solo entre una clave y su valor: quítelos"
        ),
        Syntax::Closes(sign) => say!(
            language,
            "this {sign} closes nothing, or a value is missing before it",
            "esta {sign} no cierra nada, o falta un valor delante"
        ),
        Syntax::OpenBrace(sign, missing) => say!(
            language,
            "this {sign} is never closed: a {missing} is missing",
            "esta {sign} no se cierra nunca: falta una {missing}"
        ),
        Syntax::Several => say!(
            language,
            "the text goes on after its first value has ended: put one {{ }} around all of it, and look for a }} too many",
            "el texto sigue después de terminar su primer valor: ponga unas {{ }} alrededor de todo, y busque una }} de más"
        ),
        Syntax::Nested => say!(
            language,
            "the braces are nested too deeply for a configuration",
            "las llaves están anidadas más hondo de lo que cabe en una configuración"
        ),
        Syntax::Other(why) => say!(
            language,
            "the text is no JSON: {why}",
            "el texto no es JSON: {why}"
        ),
    }
}
