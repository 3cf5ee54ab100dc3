//! What is wrong with a configuration text, in Spanish.

use crate::config::{BadBroker, BadName, BadUrl, Json, Of, Syntax, Unit, Wanted, Wrong, key, quoted};

pub(in crate::report) fn wrong(wrong: &Wrong) -> String {
    match wrong {
        Wrong::Syntax(fault) => syntax(fault),
        Wrong::NoObject => "el fichero debe contener un objeto: escriba { \"projects\": { … } }".into(),
        Wrong::GlobalKey(key) => format!("{key:?} vale para todo el demonio: póngala dentro de \"global\""),
        Wrong::ProjectKeyInGlobal(key) => {
            format!("{key:?} es de un proyecto, no de \"global\": póngala en el suyo")
        }
        Wrong::ProjectKeyAtTop(key) => {
            format!("{key:?} es de un proyecto: escriba {{ \"NOMBRE\": {{ {key:?}: … }} }}")
        }
        Wrong::BareBesideGlobal => {
            "junto a \"global\" los proyectos van dentro de \"projects\": escriba { \"global\": { … }, \"projects\": { \"NOMBRE\": { … } } }".into()
        }
        Wrong::BesideProjects(key) => {
            format!("{key:?} está junto a \"projects\": si es un proyecto, póngalo dentro")
        }
        Wrong::UnknownKey(key, place, nearest, known) => {
            let hint = match nearest {
                Some(nearest) => format!("¿quería decir {nearest:?}?"),
                None => format!("se conocen {}", known.join(", ")),
            };
            format!("{key:?} no es una clave {}: {hint}", belonging(place))
        }
        Wrong::Twice(key, place, line) => {
            format!("{key:?} está dos veces en {} (la primera en la línea {line}): deje una", of(place))
        }
        Wrong::SameService(name, other) => {
            format!("el proyecto {name:?} tiene el mismo servicio que {other:?}: dé a cada uno el suyo, o quite uno")
        }
        Wrong::SameCgroup(name, other) => {
            format!("el proyecto {name:?} tiene el mismo cgroup que {other:?}: dé a cada uno el suyo, o quite uno")
        }
        Wrong::Type(key, found, be, meant) => {
            let bare = if be.is_bare() { ", sin comillas" } else { "" };
            let meant = meant.as_ref().map(|meant| format!(": escriba {meant}"));
            format!("{key:?} es {}, pero debe ser {}{bare}{}", json(*found), wanted(be), meant.unwrap_or_default())
        }
        Wrong::Range(key, written, be) => format!("{key:?} es {written}: escriba {}", wanted(be)),
        Wrong::Choice(key, words) => format!("{key:?} no admite ese valor: escriba {}", quoted(words, " o ")),
        Wrong::Name(place, bad) => format!("{}{}", key(*place), name(bad)),
        Wrong::NoMaximum(name) => format!(
            "al proyecto {name:?} le falta \"max_workers\": escriba cuántos workers puede tener como mucho, por ejemplo \"max_workers\": 6"
        ),
        Wrong::MaximumBelowMinimum(max, min) => {
            format!("\"max_workers\" es {max}, menos que \"min_workers\", que es {min}: escriba {min} o más")
        }
        Wrong::NoThresholds(name) => format!(
            "el proyecto {name:?} no tiene ningún umbral: escriba \"cpu_thresholds\" (o \"queue_thresholds\" para Celery), por ejemplo \"cpu_thresholds\": {{ \"scale_up_2\": 65, \"scale_down_1\": 35 }}"
        ),
        Wrong::CgroupOfUnits => {
            "con \"actuator\": \"units\" solo systemd sabe dónde están las instancias: quite \"cgroup\"".into()
        }
        Wrong::NoTemplate => {
            "con \"actuator\": \"units\" el servicio debe ser una plantilla: escriba por ejemplo \"NOMBRE@.service\"".into()
        }
        Wrong::Template => {
            "esto es una plantilla, no un servicio: nombre una instancia, por ejemplo \"NOMBRE@1.service\"".into()
        }
        Wrong::NoQueueRule(key) => format!(
            "{key:?} no significa nada sin una regla sobre la cola: escriba también \"queue_thresholds\" o \"tasks_per_worker\", o quítela"
        ),
        Wrong::TwoQueueRules => {
            "\"tasks_per_worker\" va en lugar de \"queue_thresholds\": deje una de las dos".into()
        }
        Wrong::NoRung(key, example) => {
            format!("{key:?} no tiene ningún umbral: escriba al menos uno, por ejemplo \"scale_up_2\": {example}")
        }
        Wrong::RungWithoutCount(key, prefix) => format!(
            "{key:?} debe terminar en un número de workers, entero y desde 1: escriba por ejemplo \"{prefix}2\""
        ),
        Wrong::RungOutside(key, min, max) => format!(
            "{key:?} queda fuera de los límites: min_workers es {min} y max_workers es {max}; cambie un límite o quite el umbral"
        ),
        Wrong::RungFalls(key, value, before, least) => format!(
            "{key:?} es {value}, pero {before:?} es {least}: los umbrales no pueden bajar cuando suben los workers, así que escriba {least} o más"
        ),
        Wrong::RungsCross(down, low, up, high) => format!(
            "{down:?} es {low}, tanto o más que {up:?}, que es {high}: tras bajar se volvería a subir; escriba menos de {high}"
        ),
        Wrong::Fraction(key, written, percent) => format!(
            "{key:?} es {written}, menos del uno por ciento: los umbrales van en porcentaje, así que escriba {percent} para un {percent} %"
        ),
        Wrong::Broker(bad) => broker(bad),
        Wrong::HistoryPath => {
            "\"path\" debe ser un fichero desde / : escriba por ejemplo \"/var/lib/autoscaler/history.db\"".into()
        }
        Wrong::NoMetricsAddress => {
            "\"metrics\" no nombra ninguna dirección: escriba { \"listen\": \"127.0.0.1:9919\" }".into()
        }
        Wrong::MetricsAddress(written) => format!(
            "{written:?} no es una dirección: escriba por ejemplo \"127.0.0.1:9919\" o \"unix:/run/autoscaler/metrics.sock\""
        ),
        Wrong::MetricsForAll(address) => format!(
            "otras máquinas llegan a {address}, y no hay contraseña: escriba 127.0.0.1:{}, o \"allow_remote\": true si hay un cortafuegos delante",
            address.port()
        ),
    }
}

fn of(place: &Of) -> String {
    match place {
        Of::File => "el fichero".into(),
        Of::Key(key) => format!("{key:?}"),
        Of::Project(name) => format!("el proyecto {name:?}"),
    }
}

fn belonging(place: &Of) -> String {
    match place {
        Of::File => "del fichero".into(),
        Of::Key(key) => format!("de {key:?}"),
        Of::Project(name) => format!("del proyecto {name:?}"),
    }
}

fn json(found: Json) -> &'static str {
    match found {
        Json::Text => "un texto",
        Json::Number => "un número",
        Json::Boolean => "true o false",
        Json::Object => "un objeto",
        Json::List => "una lista",
        Json::Null => "null",
    }
}

fn wanted(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Object(example) => format!("un objeto: escriba {example}"),
        Wanted::Queues => r#"una lista: escriba sus nombres, por ejemplo ["celery"]"#.into(),
        Wanted::PrioritySteps => {
            r#"una lista: escriba los "priority_steps" de la aplicación, por ejemplo [0, 3, 6, 9]"#.into()
        }
        Wanted::Text => "un texto entre comillas dobles".into(),
        Wanted::Boolean => "true o false".into(),
        Wanted::Whole(low, high, counted) => format!("un número entero de {low} a {high}{}", unit(*counted)),
        Wanted::Number(low, high, counted) => format!("un número de {low} a {high}{}", unit(*counted)),
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::None => "",
        Unit::Percent => " por ciento",
        Unit::Tasks => " tareas en espera",
        Unit::Seconds => " segundos",
        Unit::Minutes => " minutos",
        Unit::Days => " días",
        Unit::Megabytes => " MB",
    }
}

fn name(bad: &BadName) -> String {
    let allowed = "use solo letras a-z, cifras y . _ - @ : y empiece por una letra, una cifra o _";
    let inside =
        "escriba el directorio del cgroup por debajo del montaje de cgroup2, por ejemplo \"/demo/web\"";
    match bad {
        BadName::Empty => "un proyecto necesita un nombre: escríbalo en lugar de las comillas vacías".into(),
        BadName::TooLong(most) => format!("el nombre de un proyecto tiene como mucho {most} caracteres"),
        BadName::Characters(name) => format!(
            "el nombre de proyecto {name:?} podría salirse del árbol de cgroups o romper una línea del registro: {allowed}"
        ),
        BadName::NoService => "esta unidad no es un servicio: escriba una que termine en .service".into(),
        BadName::UnitTooLong(most) => format!("el nombre de una unidad tiene como mucho {most} caracteres"),
        BadName::UnitCharacters => format!("esto no es el nombre de un servicio de systemd: {allowed}"),
        BadName::PathCharacters => format!("en una ruta no caben caracteres de control: {inside}"),
        BadName::Parent => format!("\"..\" podría salirse del árbol de cgroups: {inside}"),
        BadName::Root => format!("la raíz del árbol contiene todos los proyectos: {inside}"),
    }
}

fn broker(bad: &BadBroker) -> String {
    match bad {
        BadBroker::Missing(name) => format!(
            "el proyecto {name:?} tiene reglas sobre su cola y ningún broker: escriba \"redis_url\", \"broker_url\" o \"broker_url_env\", por ejemplo \"redis_url\": \"redis://localhost:6379/0\""
        ),
        BadBroker::Two(one, other) => format!("{one:?} y {other:?} nombran los dos el broker: deje uno"),
        BadBroker::Url(key, bad) => format!("{key:?}: {}", url(bad)),
        BadBroker::NoQueue => {
            "\"queues\" está vacía: escriba sus nombres, por ejemplo [\"celery\"], o quítela".into()
        }
        BadBroker::QueueType => "el nombre de una cola es un texto entre comillas dobles".into(),
        BadBroker::QueueName => {
            "el nombre de una cola está vacío o tiene caracteres de control: escriba el nombre de la cola"
                .into()
        }
        BadBroker::QueueTwice => "esta cola está dos veces en \"queues\": deje una".into(),
        BadBroker::Separator => {
            "\"redis_priority_separator\" está vacío o tiene cifras: escriba el \"sep\" de la aplicación, por ejemplo \":\", o quítelo".into()
        }
        BadBroker::Step(highest) => format!(
            "un nivel de prioridad es un número entero de 0 a {highest}: escriba los \"priority_steps\" de la aplicación, por ejemplo [0, 3, 6, 9]"
        ),
        BadBroker::Steps(most) => format!(
            "\"redis_priority_steps\" tiene de 1 a {most} niveles: escriba los \"priority_steps\" de la aplicación, por ejemplo [0, 3, 6, 9]"
        ),
    }
}

fn url(bad: &BadUrl) -> String {
    let one = "escriba la URL del único servidor que tiene las colas, por ejemplo";
    match bad {
        BadUrl::Sentinel => format!(
            "a Redis Sentinel no se le pregunta qué servidor es el maestro: {one} redis://10.0.0.1:6379/0, o un nombre que siga al maestro"
        ),
        BadUrl::Cluster => format!(
            "Redis Cluster no se admite, como no lo admite el propio transporte Redis de Celery: {one} redis://10.0.0.1:6379/0"
        ),
        BadUrl::Several(scheme) => format!(
            "no se prueban por turno varios brokers separados por \";\" (una ; de la contraseña se escribe %3B): {one} {scheme}://10.0.0.1/0"
        ),
        BadUrl::None(example) => format!("esto no es una URL: escriba por ejemplo {}", spanish(example)),
        BadUrl::Kind(example) => format!(
            "no se conoce este tipo de broker: escriba una URL que empiece por redis://, rediss://, redis+socket://, unix://, amqp:// o amqps://, por ejemplo {}",
            spanish(example)
        ),
        BadUrl::RabbitMq => "esta URL es de RabbitMQ: escríbala como \"broker_url\"".into(),
        BadUrl::Characters => {
            "en una URL no caben espacios ni caracteres de control: escríbalos como %20 y similares".into()
        }
        BadUrl::Unreadable(example) => format!(
            "no se entiende esta URL: escriba por ejemplo {}, con los caracteres # / ? @ de una contraseña como %23 %2F %3F %40",
            spanish(example)
        ),
        BadUrl::Fragment => "una # de la contraseña se escribe %23".into(),
        BadUrl::NoHost(example) => format!("falta la máquina: escriba por ejemplo {}", spanish(example)),
        BadUrl::Database => {
            "tras la máquina va el número de la base de datos: escriba por ejemplo /0".into()
        }
        BadUrl::Socket => {
            "la ruta del socket va tras tres barras: escriba por ejemplo unix:///run/redis/redis.sock".into()
        }
        BadUrl::SocketDatabase(key) => {
            format!("{key} es el número de la base de datos: escriba por ejemplo ?{key}=0")
        }
        BadUrl::Variable => {
            "esto no es el nombre de una variable de entorno: escriba por ejemplo CELERY_BROKER_URL, que define la unidad".into()
        }
        BadUrl::ManagementOfRedis => "solo RabbitMQ tiene una API de gestión: quítela".into(),
        BadUrl::Tls(example) => {
            format!("aquí solo se habla http:// : nombre el puerto sin TLS, por ejemplo {example}")
        }
        BadUrl::Query(example) => {
            format!("nada puede seguir a una ? o a una # : escriba por ejemplo {example}")
        }
    }
}

/// An example of one URL, or of two with the word between them.
fn spanish(example: &str) -> String {
    example.replace(" or ", " o ")
}

fn syntax(fault: &Syntax) -> String {
    match fault {
        Syntax::OpenInLine => "este texto no se cierra en su línea: falta una comilla doble".into(),
        Syntax::Open => "este texto no se cierra nunca: falta una comilla doble".into(),
        Syntax::Control => {
            "hay un carácter de control en este texto: quítelo, o escriba \\t para un tabulador".into()
        }
        Syntax::Escape => {
            "una barra invertida en un texto debe ser \\\\ \\\" \\/ \\b \\f \\n \\r \\t o \\u con cuatro cifras hexadecimales".into()
        }
        Syntax::SingleQuotes => "un texto va entre comillas dobles: escriba \"…\" en lugar de '…'".into(),
        Syntax::Python => {
            "esto es un diccionario de Python, no JSON: escriba lo que da json.dumps(), con los textos entre \"…\", true por True y false por False".into()
        }
        Syntax::Typographic(quote) => format!("{quote} no es una comilla de JSON: escriba \" en su lugar"),
        Syntax::Otherwise => {
            "el fichero no es JSON: debe empezar por { y acabar en }, y las claves y los textos van entre comillas dobles, por ejemplo { \"projects\": { … } }".into()
        }
        Syntax::Word(written, meant) => format!("escriba {meant} en lugar de {written}"),
        Syntax::Nothing(written) => format!("aquí no hay {written}: quite esta entrada, o dele un valor"),
        Syntax::Unknown => {
            "esto no es ni un texto entre comillas dobles, ni un número, ni true o false".into()
        }
        Syntax::Comment => "un comentario empieza aquí por //, no por #".into(),
        Syntax::OpenComment => "este comentario no se cierra nunca: falta un */".into(),
        Syntax::DecimalComma(number) => format!("una coma decimal separa aquí dos entradas: escriba {number}"),
        Syntax::Hexadecimal => "los números son decimales: escriba 255 en lugar de 0xff".into(),
        Syntax::Plus => "escriba el número sin el signo más".into(),
        Syntax::BarePoint => {
            "un punto decimal necesita una cifra a cada lado: escriba 0.5 en lugar de .5, y 5 o 5.0 en lugar de 5.".into()
        }
        Syntax::NotFinite => "escriba un número: Infinity y NaN no lo son".into(),
        Syntax::LeadingZero => "escriba el número sin ceros delante".into(),
        Syntax::UnitBehind => "escriba el número solo, sin unidad detrás".into(),
        Syntax::NoDigit => "este número está incompleto: falta una cifra".into(),
        Syntax::NoKey => {
            "aquí debe ir una clave entre comillas dobles, por ejemplo \"max_workers\", o la } que cierra".into()
        }
        Syntax::NoColon => "tras una clave van dos puntos y su valor: \"clave\": valor".into(),
        Syntax::NoValue => "tras los dos puntos debe ir un valor".into(),
        Syntax::NoComma => "falta una coma aquí, antes de la entrada siguiente".into(),
        Syntax::Comma => "sobra una coma aquí: quítela".into(),
        Syntax::Colon => "los dos puntos van solo entre una clave y su valor: quítelos".into(),
        Syntax::Closes(sign) => format!("esta {sign} no cierra nada, o falta un valor delante"),
        Syntax::OpenBrace(sign, missing) => format!("esta {sign} no se cierra nunca: falta una {missing}"),
        Syntax::Several => {
            "el texto sigue después de terminar su primer valor: ponga unas { } alrededor de todo, y busque una } de más".into()
        }
        Syntax::Nested => "las llaves están anidadas más hondo de lo que cabe en una configuración".into(),
        Syntax::Other(why) => format!("el texto no es JSON: {why}"),
    }
}
