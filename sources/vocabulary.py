"""Words that may be shown of a text that somebody else wrote: those of error messages, and none that names anybody.

A vendor's error body or a library's exception may quote a payload, and no pattern knows a person's name. So a foreign
text is told by these words alone (`sources.redaction.plain_words`). What is missed here is a word more to add; a word
that is a common given name (will, mark, grant, bill, rich, frank) stays out.
"""

from __future__ import annotations

_WORDS = """
    a about above absent accept accepted access account accounts action active actual add added additional
    address addresses adjust after again against all allocate allocation allow allowed allows already also
    always ambiguous among amount an and another any api app application apply are argument arguments array
    arrow as ascii aside assertion assign assume async asynchronous at attempt attempted attempts attribute auth
    authentication authorization authorized available away
    back bad balance base be because been before began begin being below between beyond big binary bind binder
    binding blank block blocked body bool boolean both break bring broke broken buffer build built bulk business
    busy but by byte bytes
    cache call callable called calls can cancelled cannot cap case cast catalog cause caused certificate change
    changed channel char character characters check child city class client close closed closing cloud code
    codec codes col column columns commit common companies company compare complete completed compute condition
    conditions config configuration conflict conflicts connect connected connection constraint contact contacts
    contain contained contains content context control conversion convert copy corrupt corrupted could count
    country create created creating credential credentials credit credits current currently cursor
    d daily data database dataset date dates datetime day days deadlock decimal declared decode decoding
    decompress deep default defined definition delete deleted delivered denied department dependency depth
    destination detail details detected device dict dictionary did didn different digits dimension directory
    disabled disk dispatch do document documents does doesn domain domains don done double down drop dropped
    duckdb duplicate duplicates duration during
    e each either element elements else email emails employee empty enable enabled encode encoding encountered
    end ended engine enough enrichment ensure enter entitled entries entry enum equal error errors event every
    exceed exceeded exceeds except exception exclude execute executing execution exist existing exists exit
    expect expected expecting expired explicit export expression extension extra extract extracted
    fail failed failing fails failure false fatal feature fetch few field fields file filename files filter
    filters find finished first fit float folder following for forbidden foreign form format found free from
    front full function functional functions funding further future
    gateway get give given go good got group
    had half handle handler has have header headers help here hidden high hint host hour hours html http https
    id identifier identifiers identity if ignored illegal image immutable implementation implicit import in
    inactive include included includes including incomplete incorrect index industry infinite info information
    initialize inner input insert inserted inside instance instead insufficient int integer internal interrupted
    into invalid io is isn issue it item items iterable iterator its itself
    job jobs json just
    keep key keys keyword keywords kind known
    large larger last later layer lead leads least leave left length less level like limit limited limits line
    lines link linkedin list literal load loaded loader loading loads local located location lock locked log
    login logout long longer look loop lost low lower
    made mail mails main maintenance make malformed many map mapping match matched matches matching maximum may
    me mean means member memory merge message messages metadata method minimum minute minutes missing mode model
    modified module monthly more most move multi multiple must mutable
    name named names nan narrow near need needed needs nested network never new next no none nor normalize
    normalized not nothing null number numbers numeric
    object objects obsolete occurred of off offset old on once one only open opened opening operation operations
    operator option optional or order org organisation organisations organization organizations other others our
    out outside over overflow own owned owner
    package packages page pages paid parallel parameter parameters parent parquet parse parsed parser parsing
    part parts pass passed password path pattern payload payment pending people per permission permissions
    permitted person phone phones pickle pipeline plan plans please point pool port position positional positive
    possible post precision prepare present previous primary problem process processed processing profile
    prohibited properties property protocol provide provided provider providers provisioned public put
    query queue queued quota quote
    raise raised range rate rates raw re reach reached read readable reading readonly ready reason received
    record records recursion redirect refer reference references refused region register rejected release
    remaining remove removed rename repeat replace replaced request requested requests require required requires
    reserved reset resolve resource resources response rest result results retry return returned returning
    returns reveal revealed revealing revenue revoked right rights role rollback root route row rows rule run
    running runtime
    s sales same save scan schema schemas scope script search searches second seconds secret section secure see
    seem seen segment select send seniority sent sequence serialization serialize series server service session
    set sets setting settings several shape share shared should show shown signature similar since single size
    slow small so socket some something sort source space specified specify sql sqlite stack standard start
    started starting state statement states status step still stop stopped storage store stored stream string
    strings struct structure sub subject submit submitted subscriptable subscription success successful
    successfully such suffix suggest support supported supports suspended syntax system
    t table tables take taken takes target task tasks technology temporarily temporary terminated terms test
    text than that the their them then there these they this those thread throttled through tier time timed
    timeout times timestamp title titles to today token tokens too top total track tracking transaction tried
    true truncated try trying tuple tweak twice two type types
    unable unauthorized unavailable under unexpected unhashable unicode union unique unit unknown unlock unpack
    unprocessable unreadable unrecognized unsupported until unverified up update updated upgrade upper url urls
    usage use used user users uses using utf
    valid validate validation value values varchar variable vector verified verify version very via view viewed
    views
    wait waiting wanted warning was way we web webhook well went were what when where which while who whole
    width window with within without word words work workflow working would write writing written wrong
    year years yes yet you your
    zero zone
"""
#: in small letters
WORDS = frozenset(_WORDS.split())
