//! What `autoscaler keda` has to tell, to the operator and to KEDA.

use super::figures::nearest;
use super::system::system_fault;
use crate::model::{
    CertificateFault, KedaFault, KedaNews, Language, PemFault, PrometheusFault, ScalerFault, WantedValue,
};

/// What there is to tell.
#[must_use]
pub fn keda_news(language: Language, news: &KedaNews) -> String {
    match news {
        KedaNews::Serving { at, tls: false } => say!(
            language,
            "📈 KEDA is answered at {at}",
            "📈 se responde a KEDA en {at}"
        ),
        KedaNews::Serving { at, tls: true } => say!(
            language,
            "📈 KEDA is answered at {at}, over TLS",
            "📈 se responde a KEDA en {at}, por TLS"
        ),
        KedaNews::PrometheusAway { at, why } => {
            let why = prometheus_fault(language, why);
            say!(
                language,
                "⚠️ Prometheus does not answer at {at}: {why}; KEDA is told so, and it is asked again each time",
                "⚠️ Prometheus no responde en {at}: {why}; así se le dice a KEDA, y se le preguntará de nuevo cada vez"
            )
        }
        KedaNews::PrometheusBack { at } => say!(
            language,
            "✅ Prometheus answers again at {at}",
            "✅ Prometheus vuelve a responder en {at}"
        ),
        KedaNews::NoValue { object, why } => {
            let why = scaler_fault(language, why);
            say!(
                language,
                "⚠️ no value for {object}: {why}",
                "⚠️ no hay valor para {object}: {why}"
            )
        }
        KedaNews::ValueAgain { object } => say!(
            language,
            "✅ there is a value for {object} again",
            "✅ vuelve a haber un valor para {object}"
        ),
        KedaNews::NewCertificates => say!(
            language,
            "there are new certificates, and they are in force",
            "hay certificados nuevos, y ya valen"
        ),
        KedaNews::CertificatesKept(fault) => {
            let why = certificate_fault(language, fault);
            say!(
                language,
                "⚠️ the new certificates cannot be used, those before stay in force: {why}",
                "⚠️ los certificados nuevos no se pueden usar, siguen valiendo los de antes: {why}"
            )
        }
    }
}

/// Why it does not serve.
#[must_use]
pub fn keda_fault(language: Language, fault: &KedaFault) -> String {
    match fault {
        KedaFault::Address { at, why } => {
            let why = system_fault(language, why);
            say!(
                language,
                "KEDA cannot be answered at {at}: {why}",
                "no se puede responder a KEDA en {at}: {why}"
            )
        }
        KedaFault::Certificate(fault) => certificate_fault(language, fault),
        KedaFault::Signals(why) => {
            let why = system_fault(language, why);
            say!(
                language,
                "signals cannot be waited for: {why}",
                "no se pueden esperar señales: {why}"
            )
        }
    }
}

fn certificate_fault(language: Language, fault: &CertificateFault) -> String {
    let path = fault.path.display();
    let why = match &fault.why {
        PemFault::System(why) => system_fault(language, why),
        PemFault::NoCertificate => say!(
            language,
            "it holds no certificate in PEM",
            "no contiene ningún certificado en PEM"
        ),
        PemFault::NoKey => say!(
            language,
            "it holds no private key without a password in PEM",
            "no contiene ninguna clave privada sin contraseña en PEM"
        ),
        PemFault::Unusable { text } => {
            say!(language, "it cannot be used: {text}", "no se puede usar: {text}")
        }
    };
    format!("{path}: {why}")
}

/// Why KEDA gets no value: also what it is told itself.
#[must_use]
pub fn scaler_fault(language: Language, fault: &ScalerFault) -> String {
    match fault {
        ScalerFault::NoObject => say!(
            language,
            "the question names no ScaledObject",
            "la pregunta no nombra ningún ScaledObject"
        ),
        ScalerFault::Missing { key } => say!(
            language,
            "metadata has no {key}: write one",
            "falta {key} en metadata: escríbalo"
        ),
        ScalerFault::Unknown { key, known } => {
            let near = nearest(language, key, known);
            say!(
                language,
                "metadata has {key}, which is no key: {near}",
                "en metadata está {key}, que no es ninguna clave: {near}"
            )
        }
        ScalerFault::Beside {
            key,
            other: "measure",
        } => say!(
            language,
            "metadata has {key}, which only the measure busy takes: leave it out",
            "en metadata está {key}, que solo vale con la medida busy: quítelo"
        ),
        ScalerFault::Beside { key, other } => say!(
            language,
            "metadata has both {key} and {other}: leave one of them out",
            "en metadata están {key} y {other}: quite uno de los dos"
        ),
        ScalerFault::Bad { key, value, want } => {
            let want = wanted_value(language, *want);
            say!(
                language,
                "metadata has {key}: \"{value}\"; write {want}",
                "en metadata está {key}: \"{value}\"; escriba {want}"
            )
        }
        ScalerFault::OtherMetric { asked, has } => say!(
            language,
            "the trigger has no metric {asked}: it has {has}",
            "el trigger no tiene la métrica {asked}: tiene {has}"
        ),
        ScalerFault::Prometheus(why) => {
            let why = prometheus_fault(language, why);
            say!(language, "Prometheus: {why}", "Prometheus: {why}")
        }
        ScalerFault::NoPods { namespace, workload } => say!(
            language,
            "kube_pod_info has no pod of {workload} in the namespace {namespace}: is the name right, and does Prometheus scrape kube-state-metrics?",
            "kube_pod_info no tiene ningún pod de {workload} en el espacio de nombres {namespace}: ¿es ese el nombre, y lee Prometheus kube-state-metrics?"
        ),
        ScalerFault::NoFigures {
            pods,
            metric,
            of_requests,
        } => {
            let pods = there_are(language, *pods);
            let look = where_to_look(language, *of_requests);
            say!(
                language,
                "{pods}, but no {metric} of any: {look}",
                "{pods}, pero ningún {metric} de ninguno: {look}"
            )
        }
        ScalerFault::NoSeries => say!(
            language,
            "the query gives no series",
            "la consulta no da ninguna serie"
        ),
        ScalerFault::Several { count } => say!(
            language,
            "the query gives {count} series: it must give one; put sum() or max() around it",
            "la consulta da {count} series: debe dar una; póngala dentro de sum() o max()"
        ),
        ScalerFault::NoVector { kind } => say!(
            language,
            "the query gives a {kind}: it must give one number",
            "la consulta da un {kind}: debe dar un número"
        ),
        ScalerFault::NoNumber { value } => say!(
            language,
            "the value is {value}: does the query divide by 0?",
            "el valor es {value}: ¿divide la consulta por 0?"
        ),
        ScalerFault::Negative { value } => say!(
            language,
            "the value is {value}, and KEDA takes none below 0",
            "el valor es {value}, y KEDA no acepta ninguno por debajo de 0"
        ),
    }
}

/// What to ask oneself where pods are known and their figures are not.
fn where_to_look(language: Language, of_requests: bool) -> String {
    if of_requests {
        return say!(
            language,
            "has one of them served a request, and do the exporters on their nodes run with --requests?",
            "¿ha servido alguno una petición, y corren con --requests los exportadores de sus nodos?"
        );
    }
    say!(
        language,
        "does Prometheus scrape autoscaler export on their nodes, twice within the window?",
        "¿lee Prometheus autoscaler export en sus nodos, dos veces en la ventana?"
    )
}

fn wanted_value(language: Language, want: WantedValue) -> String {
    match want {
        WantedValue::Namespace => say!(
            language,
            "a namespace: small letters, digits and -",
            "un espacio de nombres: letras minúsculas, cifras y -"
        ),
        WantedValue::Workload => say!(
            language,
            "the name of a workload such as shop, or a pattern of its pods' names such as shop-*: small letters, digits, -, . and *",
            "el nombre de una carga como shop, o un patrón de los nombres de sus pods como shop-*: letras minúsculas, cifras, -, . y *"
        ),
        WantedValue::Measure => say!(
            language,
            "busy, cpu, runqueue_wait or waiting",
            "busy, cpu, runqueue_wait o waiting"
        ),
        WantedValue::Target => say!(
            language,
            "a number from 0.001, such as \"0.7\"",
            "un número desde 0.001, como \"0.7\""
        ),
        WantedValue::Activation => say!(
            language,
            "a number from 0, such as \"0.05\"",
            "un número desde 0, como \"0.05\""
        ),
        WantedValue::Slots => say!(
            language,
            "how many requests one pod can serve at a time: 1 to 100000",
            "cuántas peticiones puede atender a la vez un pod: de 1 a 100000"
        ),
        WantedValue::Window => say!(
            language,
            "a time from 10s to 1h, such as 90s or 2m",
            "un tiempo de 10s a 1h, como 90s o 2m"
        ),
        WantedValue::Query => say!(
            language,
            "a query of PromQL of at most 8 KiB",
            "una consulta de PromQL de 8 KiB como mucho"
        ),
    }
}

fn there_are(language: Language, pods: u64) -> String {
    match pods {
        1 => say!(language, "there is 1 pod", "hay 1 pod"),
        _ => say!(language, "there are {pods} pods", "hay {pods} pods"),
    }
}

fn prometheus_fault(language: Language, fault: &PrometheusFault) -> String {
    match fault {
        PrometheusFault::Unreachable(error) => system_fault(language, error),
        PrometheusFault::Silent(seconds) => say!(
            language,
            "no answer within {seconds} s",
            "sin respuesta en {seconds} s"
        ),
        PrometheusFault::Refused { status, text } => {
            say!(
                language,
                "it answers {status}: {text}",
                "responde {status}: {text}"
            )
        }
        PrometheusFault::Unreadable { text } => say!(
            language,
            "what answers there is no Prometheus: {text}",
            "lo que responde ahí no es Prometheus: {text}"
        ),
    }
}
