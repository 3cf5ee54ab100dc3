//! The Spanish words of `--help`, by command and argument.

/// What is said of a command as a whole.
pub(super) struct Words {
    /// One line.
    pub(super) about: &'static str,
    /// The same at length.
    pub(super) long_about: &'static str,
    /// What stands below the arguments.
    pub(super) after: &'static str,
}

/// The words of the command of this name.
pub(super) fn of(command: &str) -> Option<Words> {
    let (about, long_about, after) = match command {
        "autoscaler" => (
            "Da a cada proyecto Python de esta máquina los workers que pide su propia carga",
            "Da a cada proyecto Python de esta máquina los workers que pide su propia carga.\n\nautoscaler mira por eBPF el tiempo de CPU del cgroup de cada proyecto y lo que espera en la cola de ejecución, añade y quita workers de gunicorn y de Celery dentro de los límites que usted pone, y mantiene al día el límite de memoria de cada proyecto. La aplicación no cambia en nada.",
            "Ejemplos:
  autoscaler top                      quién usa la CPU, y quién la espera
  autoscaler requests --pid 1234      las peticiones de un servidor: cuántas, cuánto esperan
  autoscaler export                   lo mismo de cada cgroup, para Prometheus y OpenTelemetry
  autoscaler keda --prometheus http://prometheus:9090   cuánto trabajan los pods, para KEDA en Kubernetes
  autoscaler simulate load.csv --mean-demand 2.5   qué habrían hecho los umbrales con esa carga
  autoscaler init                                  una configuración para los servicios que corren aquí
  autoscaler check                                 si la configuración y esta máquina sirven
  autoscaler run --once --dry-run     qué se haría ahora, y por qué, sin hacerlo
  autoscaler status                   qué ve el demonio que corre, y a qué espera
  autoscaler why backdipro            qué decidió sobre un proyecto, y por qué
  autoscaler history backdipro        qué vio y decidió, en un gráfico
  autoscaler run                      el demonio; systemd lo arranca como autoscaler.service

Códigos de salida: 0 hecho, 1 falló, 2 uso o configuración incorrectos.",
        ),
        "run" => (
            "Vigila los proyectos configurados y los escala (el demonio)",
            "Vigila los proyectos configurados y los escala (el demonio).",
            "",
        ),
        "init" => (
            "Propone una configuración para los servicios gunicorn y Celery que corren aquí",
            "Propone una configuración a partir de los servicios gunicorn y Celery que corren aquí.\n\nMira cada proceso, no toca ninguno, y muestra la configuración: los límites según las CPU y la memoria de la máquina, los umbrales documentados, otros sobre las peticiones para los servidores que esperan más de lo que calculan (se miran durante 5 segundos), la memoria según la que usan ahora los workers, y junto a cada línea el porqué. Todos los proyectos van deshabilitados: nada empieza a actuar. Las contraseñas de los brokers no se muestran.",
            "Ejemplos:
  sudo autoscaler init                                          mirarla
  sudo autoscaler init --output /etc/autoscaler/config.json     escribirla, donde no haya ninguna
  sudo autoscaler check                                         qué encontraría el demonio

Códigos de salida: 0 propuesta, 1 nada encontrado o el archivo ya existe, 2 uso incorrecto.",
        ),
        "check" => (
            "Comprueba la configuración y la máquina, sin actuar sobre nada",
            "Comprueba la configuración y la máquina: qué encontraría el demonio, y qué hacer donde algo va mal.\n\nNo actúa sobre nada: ni señales ni archivos. El programa del kernel se carga y se lee de verdad, y se pregunta de verdad a systemd y a los brokers.\n\nCon --schema no mira nada, y muestra lo que puede haber en una configuración.",
            "Códigos de salida: 0 todo bien, o solo avisos; 1 errores; 2 la configuración no sirve.",
        ),
        "simulate" => (
            "Prueba umbrales con una carga grabada, junto a números fijos y a las reglas de otros autoescaladores",
            "Prueba umbrales con una carga grabada, junto a números fijos y a las reglas de otros autoescaladores.",
            "Ejemplos:
  autoscaler simulate requests.csv --mean-demand 2.5
  autoscaler simulate requests.csv --mean-demand 2.5 --set backdipro.cpu_thresholds.scale_up_3=70
  autoscaler simulate requests.csv --mean-demand 2.5 --config /etc/autoscaler/config.json --project shop
  autoscaler simulate requests.csv --mean-demand 2.5 --suggest --max-late 5
  autoscaler simulate requests.csv --mean-demand 2.5 --from 2014-10-27 --until 2014-11-03 --svg week.svg
  autoscaler simulate busy.csv --busy-workers --waits --config /etc/autoscaler/config.json --project shop
  autoscaler simulate --history shop --since 7d --set shop.cpu_thresholds.scale_up_2=55
  autoscaler simulate requests.csv --mean-demand 1.5 --policy target,ladder,hpa:50 --hindsight
  autoscaler simulate --pool-mb 6144 --load a.csv,demand=1.5,mb=300 --load b.csv,demand=1,mb=500,weight=2

El modelo fluido, sin cola: n workers atienden como mucho n CPU de demanda, y no más de las que tiene la máquina; lo que pasa de
ahí se pierde. Con --policy cada petición llega al azar, espera a un worker libre y se la atiende: dice cuánto esperan los usuarios.",
        ),
        "top" => (
            "Muestra en vivo la CPU y la espera en la cola de ejecución de cada cgroup",
            "Muestra en vivo la CPU de cada cgroup de esta máquina.\n\nDe cada cgroup, con todo lo que hay debajo: CPU (100 % es una CPU), cuánto esperaron sus tareas en la cola de ejecución, freno por cpu.max, tareas, memoria y presión. No necesita configuración. Primero van los proyectos de un demonio que corra, con lo último que decidió y a qué espera; sin demonio, los de una configuración. Como root las cifras vienen del planificador del kernel e incluyen la espera; si no, de cpu.stat. ? muestra las teclas.\n\nCuando la salida no es una terminal, muestra una pasada sin encabezados y termina.",
            "Ejemplos:
  autoscaler top                              todo, en vivo
  autoscaler top --cgroup /system.slice       un subárbol
  autoscaler top --sort wait                  quién espera una CPU
  autoscaler top --requests                   también las peticiones de cada proyecto
  autoscaler top | head                       una pasada, sin adornos
  autoscaler top --json -n 60 -d 1 | jq .     un minuto para un script
  autoscaler top --csv -n 0 -d 10 > load.csv  hasta que se pare",
        ),
        "requests" => (
            "Muestra cuántas peticiones recibe un servidor, cuánto esperan, y cuántos workers están ocupados",
            "Muestra las peticiones de un servidor como las ve el kernel: cuántas, cuánto esperaron y cuánto se las atendió, cuántos workers están ocupados.\n\nNo pregunta nada al servidor y no necesita demonio ni configuración: --cgroup o --pid nombran cualquier servicio. Una petición espera desde su primer byte hasta que el servidor la lee, y se la atiende hasta el último byte de la respuesta. Una conexión que ya estaba abierta cuenta desde su siguiente petición. Termina con el reparto de ambos tiempos. Necesita root, y Linux 5.12. Donde el kernel no deja que ningún programa vea las peticiones, solo se muestran las conexiones que nadie ha aceptado todavía.",
            "Ejemplos:
  autoscaler requests                          todos los proyectos
  autoscaler requests backdipro                un proyecto
  autoscaler requests --pid $(pgrep -o gunicorn)   el servicio de un proceso
  autoscaler requests --cgroup /system.slice/shop.service -n 60
  autoscaler requests backdipro --json | jq .services[0].busy

Columnas:
  REQ/S      peticiones contestadas en un segundo
  BUSY       peticiones atendidas a la vez, de media: workers ocupados, donde cada uno atiende una
  WAITING    peticiones que esperan ahora, y cuánto lleva la más antigua
  WAIT       media, p50, p95 y p99 de las que empezaron
  SERVICE    media y p95 de las que acabaron
  LOST       conexiones que se cerraron sin respuesta",
        ),
        "export" => (
            "Da las cifras de cada cgroup a Prometheus y a receptores de OpenTelemetry",
            "Da las cifras de cada cgroup a Prometheus y a receptores de OpenTelemetry.\n\nDe cada cgroup, con todo lo que hay debajo: CPU, espera en la cola de ejecución, freno por cpu.max y memoria; con --requests, las peticiones de cada cgroup que sirve alguna, que no cuentan en ningún otro. Las etiquetas nombran su unidad de systemd, su contenedor y su pod. No necesita configuración ni demonio, y no actúa sobre nada. Como root la CPU y la espera vienen del planificador del kernel; si no, la CPU de cpu.stat.\n\nSin --listen ni --otlp se sirve en http://127.0.0.1:9920/metrics.",
            "Ejemplos:
  autoscaler export                                    en http://127.0.0.1:9920/metrics
  autoscaler export --once | grep shop                 una vez, en la salida estándar
  autoscaler export --depth 3 --exclude '/user.slice/**'
  autoscaler export --listen 0.0.0.0:9920 --allow-remote --requests
  autoscaler export --otlp http://collector:4318 --interval 15",
        ),
        "keda" => (
            "Dice a KEDA cuánto trabajan los pods de una carga: un escalador externo para Kubernetes",
            "Dice a KEDA cuánto trabajan los pods de una carga: un escalador externo para Kubernetes.\n\nUno sirve a un clúster. Lo que dice viene de un Prometheus que lee `autoscaler export` en cada nodo y kube-state-metrics, y nunca del nodo en el que corre. Un ScaledObject nombra los pods y la medida: la parte ocupada de sus huecos para peticiones, CPU, espera en la cola de ejecución o peticiones que esperan. Donde no hay cifra KEDA recibe un error que dice por qué.",
            "Ejemplos:
  autoscaler keda --prometheus http://prometheus.monitoring:9090 --listen 0.0.0.0:9921 --allow-remote
  autoscaler keda --prometheus http://localhost:9090 --tls-cert tls.crt --tls-key tls.key --client-ca ca.crt

En metadata de un trigger de tipo external o external-push:
  scalerAddress   autoscaler-keda.autoscaler:9921
  workload        shop, o un patrón de los nombres de los pods: shop-*
  namespace       el de los pods, si no es el del ScaledObject
  measure         busy, cpu, runqueue_wait o waiting
  target          cuánto de ello debe tener cada pod, como \"0.7\"
  activation      por encima debe haber algún pod [por omisión: 0]
  slots           con busy: peticiones que un pod puede atender a la vez [por omisión: 1]
  window          el tiempo sobre el que se toman las cifras [por omisión: 2m]
  query           en lugar de los pods y la medida: PromQL que da un número",
        ),
        "status" => (
            "Muestra cómo ve el demonio cada proyecto, y qué le haría cambiar de idea",
            "Muestra cómo ve el demonio que corre cada proyecto, y qué tendría que cambiar para su próximo paso.",
            "Columnas:
  WORKERS    los vistos, y los límites configurados
  CPU        media desde la última comprobación, con los umbrales del siguiente paso abajo y arriba
  ESPERA     del tiempo en que sus tareas querían una CPU, la parte en que no la tuvieron
  MANTENIDO  cuánto hace que se cruzó un umbral, de cuánto debe durar",
        ),
        "history" => (
            "Muestra lo que vieron y decidieron las comprobaciones de un proyecto: gráfico, imagen o tabla",
            "Muestra lo que vieron y decidieron las comprobaciones de un proyecto: CPU y sus umbrales, workers, memoria, cola, pasos.\n\nEl demonio guarda cada comprobación. Esto lee su archivo, también mientras corre.",
            "Ejemplos:
  autoscaler history backdipro                          las últimas 24 horas, dibujadas en la terminal
  autoscaler history backdipro --since 7d --png week.png
  autoscaler history backdipro --since 30d --csv > month.csv
  autoscaler history backdipro --json | jq '.checks[] | select(.action == \"scale_up\")'",
        ),
        "why" => (
            "Cuenta qué se decidió sobre un proyecto, y por qué",
            "Cuenta qué se decidió sobre un proyecto, y por qué, con las cifras que hubo detrás.\n\nLas comprobaciones que decidieron lo mismo van en una sola línea, con la menor y la mayor de sus cifras. El demonio que corre cuenta su propio tiempo; el historial, el anterior, también cuando no corre ninguno.",
            "Ejemplos:
  autoscaler why backdipro                 las dos últimas horas
  autoscaler why backdipro --since 7d      también antes del último arranque del demonio
  autoscaler why backdipro --since 1d --json | jq '.[] | select(.workers_to)'",
        ),
        "scale" => (
            "Da a un proyecto un número de workers a mano",
            "Da a un proyecto un número de workers ahora, dentro de sus límites.\n\nEl propio demonio da los pasos, un worker tras otro, y mantiene al día el límite de memoria. Su registro dice quién lo pidió. Sin --for los umbrales vuelven a mandar enseguida, desde el número nuevo.",
            "Ejemplos:
  autoscaler scale backdipro 4             4 workers, y los umbrales siguen desde ahí
  autoscaler scale backdipro 6 --for 2h    6 workers durante dos horas, sea cual sea la carga",
        ),
        "pause" => (
            "Deja en paz por ahora los workers de un proyecto",
            "Deja como están los workers de un proyecto, o de todos.\n\nSe siguen tomando las cifras. Termina por sí misma tras --for, o con `autoscaler resume`.",
            "",
        ),
        "resume" => (
            "Termina una pausa, o un número dado a mano",
            "Termina lo que se ordenó a mano: una pausa, o un número por un tiempo.",
            "",
        ),
        _ => return None,
    };
    Some(Words {
        about,
        long_about,
        after,
    })
}

/// The words of an argument of a command; most mean the same in all of them.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn argument(command: &str, id: &str) -> Option<&'static str> {
    Some(match (command, id) {
        (_, "language") => {
            "Habla este idioma, es o en [por omisión: el del demonio que corre, si no el de la configuración, si no el de la sesión]"
        }
        ("run", "runtime_dir") => "Dónde se guardan el cerrojo y los tiempos acumulados",
        (_, "runtime_dir") => "El directorio de ejecución del demonio que corre",
        (_, "state_dir") => "Dónde se guarda el historial, si la configuración no nombra otro sitio",
        (_, "store") => "El propio historial, en lugar del que nombra la configuración",
        ("run" | "check", "config") => "La configuración",
        ("history" | "why", "config") => {
            "La configuración, que dice dónde está el historial [por omisión: /etc/autoscaler/config.json si se puede leer]"
        }
        ("simulate", "config") => {
            "Toma umbrales y límites de esta configuración [por omisión: el ejemplo incluido; con --history /etc/autoscaler/config.json]"
        }
        ("top", "config") => {
            "La configuración cuyos proyectos van primero [por omisión: los del demonio que corre, si no /etc/autoscaler/config.json si se puede leer]"
        }
        ("run", "dry_run") => "Decide y comprueba como siempre, pero no envía señales ni escribe límites",
        ("run", "once") => "Mide unos segundos, decide una vez sobre cada proyecto, dice por qué, y termina",
        ("run", "verbose") => "Dice el resultado de cada comprobación",
        ("init", "output") => "La escribe en este archivo, solo para root; uno que ya exista queda como está",
        ("check" | "status" | "why" | "simulate", "json") => "Muestra JSON",
        ("check", "schema") => "Muestra el JSON Schema de la configuración, para editores, y termina",
        ("history", "json") => "Muestra cada comprobación y cada suceso como JSON",
        ("requests", "config") => {
            "La configuración cuyos proyectos se miran [por omisión: los del demonio que corre, si no /etc/autoscaler/config.json]"
        }
        ("requests", "json") => "Muestra líneas JSON: un objeto por pasada",
        ("requests", "pid") => "Muestra el cgroup de este proceso",
        ("requests", "iterations") => {
            "Pasadas antes de terminar, 0 para no terminar [por omisión: 0, o 1 donde la salida no es una terminal]"
        }
        ("top", "json") => "Muestra líneas JSON: un objeto por pasada, tiempos en ns",
        ("history", "csv") => "Muestra cada comprobación como CSV",
        ("top", "csv") => "Muestra CSV: una línea por cgroup y pasada, tiempos en ns",
        (_, "svg") => "Dibuja una imagen, SVG",
        (_, "png") => "Dibuja una imagen, PNG",
        ("status", "project") => "Solo este proyecto",
        ("status", "watch") => {
            "Lo muestra de nuevo cada dos segundos hasta que se pare, aunque el demonio se reinicie"
        }
        ("history" | "why" | "scale" | "pause" | "resume" | "requests", "project") => {
            "El proyecto, como lo nombra la configuración"
        }
        ("history", "since") => "Hasta cuándo mirar atrás, como 30m, 24h, 7d",
        ("why", "since") => "Hasta cuándo mirar atrás, como 30m, 2h, 1d",
        ("simulate", "since") => "Hasta cuándo mirar atrás en el historial, como 24h, 7d [por omisión: 7d]",
        ("scale", "workers") => "Cuántos workers",
        ("scale", "lasts") => "Mantiene este número por un tiempo, como 90s, 15m, 2h",
        ("pause", "lasts") => "Termina por sí misma tras un tiempo, como 15m, 2h",
        ("pause" | "resume", "all") => "Todos los proyectos",
        ("simulate", "file") => {
            "La grabación: CSV con las columnas timestamp y value, o - para la entrada estándar"
        }
        ("simulate", "history") => "La CPU que usó este proyecto, del historial del propio demonio",
        ("simulate", "mean_demand") => {
            "Los valores suben con la carga (peticiones, usuarios): su media representa tantos workers ocupados"
        }
        ("simulate", "waits") => {
            "La carga espera, como a una base de datos, y no usa CPU: los workers están ocupados con peticiones. Con --history: los que se vieron"
        }
        ("simulate", "busy_workers") => "Los valores son la demanda en workers ocupados",
        ("simulate", "project") => {
            "El proyecto de la configuración; puede faltar donde hay uno solo, y con --history"
        }
        ("simulate", "sets") => {
            "Prueba otro valor, como backdipro.cpu_thresholds.scale_up_3=70; puede darse varias veces"
        }
        ("simulate", "check_interval") => "Tiempo entre dos comprobaciones, en lugar del de la configuración",
        ("simulate", "cpus") => "CPU de la máquina [por omisión: una por worker hasta el máximo]",
        ("simulate", "memory_mb") => {
            "Memoria de la máquina en MiB, sin la de los workers [por omisión: tanta que ninguna regla sobre ella cuenta]"
        }
        ("simulate", "from") => "Usa la grabación desde aquí",
        ("simulate", "until") => "Usa la grabación hasta aquí",
        ("simulate", "suggest") => {
            "Busca umbrales y duraciones con las menos horas de worker, en la primera mitad de la grabación"
        }
        ("simulate", "max_late") => {
            "Peticiones que pueden esperar demasiado con la sugerencia, en porcentaje; apunta a la mitad de eso"
        }
        ("simulate", "policies") => {
            "Simula cada petición con estas políticas: target, ladder, hpa:70, knative, sqrt:1.5, fixed:6; varias con comas [por omisión, para un proyecto con una promesa: todas]"
        }
        ("simulate", "hindsight") => {
            "Además ajusta cada rival hasta que va igual de tarde que la primera política, y compara las horas de worker"
        }
        ("simulate", "service_ms") => "Tiempo medio en que se atiende una petición",
        ("simulate", "cpu_percent") => "La parte de ese tiempo que es CPU",
        ("simulate", "burst") => {
            "Cuánto oscila el ritmo en unos segundos: su desviación típica entre su media"
        }
        ("simulate", "boot_seconds") => "Cuánto tarda un worker nuevo en atender",
        ("simulate", "wait_ms") => {
            "Quien espera más llega tarde [por omisión: la promesa del proyecto, o 100]"
        }
        ("simulate", "clip") => "Recorta la carga a tantos workers ocupados donde es mayor",
        ("simulate", "seed") => "De los números al azar: la misma da las mismas cifras en cualquier máquina",
        ("simulate", "pool_mb") => {
            "En lugar de una carga, varios servicios petición a petición en un fondo común de memoria de tantos MiB"
        }
        ("simulate", "loads") => {
            "Uno de ellos: ARCHIVO.csv,demand=1.5,mb=300 y si se quiere min, max, weight, shift-hours; se repite para cada uno"
        }
        ("top", "project") => "Muestra un proyecto, y los cgroups por debajo del suyo",
        ("export", "listen") => {
            "Dónde se sirven las cifras a Prometheus: una dirección con su puerto, o unix:RUTA [por omisión: 127.0.0.1:9920, si no hay --otlp]"
        }
        ("export", "allow_remote") => {
            "Deja servir en una dirección a la que llegan otras máquinas: no hay contraseña"
        }
        ("export", "otlp") => "Envía las cifras a este receptor de OTLP por HTTP, como http://HOST:4318",
        ("export", "interval") => "Segundos entre dos envíos: de 1 a 3600",
        ("export", "once") => {
            "Muestra las cifras una vez y termina. La espera y las peticiones cuentan desde que empieza el programa"
        }
        ("export", "depth") => {
            "Niveles bajo la raíz; los de más abajo cuentan en los de arriba, pero sus peticiones no"
        }
        ("export", "include") => {
            "Solo los cgroups cuya ruta encaja, como '/system.slice/*'; ** son varios nombres. Se puede repetir"
        }
        ("export", "exclude") => {
            "Sin los cgroups cuya ruta encaja, aunque --include los nombre. Se puede repetir"
        }
        ("export", "limit") => "No más cgroups que estos; de los demás se dice cuántos son",
        ("export", "requests") => {
            "Ve también en el kernel las peticiones de cada cgroup que sirve alguna: cuántas, cuánto esperan. Hace falta root"
        }
        ("keda", "prometheus") => {
            "El Prometheus que tiene las cifras, como http://prometheus.monitoring:9090"
        }
        ("keda", "listen") => "Dónde se responde a KEDA",
        ("keda", "allow_remote") => {
            "Deja servir sin --client-ca en una dirección a la que llegan otras máquinas: no hay contraseña"
        }
        ("keda", "tls_cert") => "Sirve por TLS con este certificado, PEM; se lee de nuevo cuando se renueva",
        ("keda", "tls_key") => "Su clave",
        ("keda", "client_ca") => "Responde solo a clientes con un certificado de estas autoridades",
        ("keda", "interval") => "Segundos entre dos miradas para el trigger external-push: de 1 a 3600",
        ("top" | "requests", "cgroup") => {
            "Muestra un cgroup y los de debajo: una ruta desde el montaje de cgroup2, o de su directorio"
        }
        ("top" | "requests", "delay") => "Segundos entre dos pasadas: de 0.1 a 3600",
        ("top", "iterations") => {
            "Pasadas antes de terminar, 0 para no terminar [por omisión: 1, o sin fin con --batch]"
        }
        ("top", "batch") => "Muestra texto sin adornos con encabezados, pasada tras pasada",
        ("top", "requests") => {
            "Ve además en el kernel las peticiones de los proyectos (o de --cgroup): cuántas, cuántos workers ocupan, cuánto esperan. Necesita root"
        }
        ("top", "sort") => {
            "Por qué ordenar: cpu, wait (espera), wait-share (parte de espera), throttled (freno), tasks, memory, pressure, time (CPU desde el principio), name"
        }
        ("top", "reverse") => "Invierte el orden",
        ("top", "depth") => "Niveles a mostrar bajo el primero; en vivo, los más hondos van plegados",
        _ => return None,
    })
}
