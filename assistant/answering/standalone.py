"""Follow-up questions made to stand alone by rule, for French; the model does it better.

A question that can be searched as it is stays as it is, above all when the subject changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.answering.facts import flat
from assistant.answering.terms import folded, terms
from assistant.domain.answers import Question

_INTERROGATIVES_TEXT = """
combien comment laquelle lequel lesquelles lesquels ou pourquoi quand que quel quelle quelles quels qui quoi
"""
_FRAME_TEXT = """
a ai alors apres au aussi aux avant avec c ca ce cela celle celles celui ces cet cette ceux coute coutent d
dans de depuis des dois-je doit doit-on donc du dure durent elle elles en est est-ce est-elle est-il et etait
exactement fait faut faut-il fin fois fut il ils je jusque l la le les leur leurs lui mais max maximum meme
minimum moyenne n ne on ont par partir pas peut peut-on plus pour prevu prevue puis-je qu s'eleve sa se sera
ses si sinon son sont sont-elles sont-ils sous sur t temps total totale un une va valent vaut viennent vient y
"""
_ATTRIBUTES_TEXT = """
adresse age calendrier condition conditions contact cout couts critere criteres date dates delai delais
demarche duree durees echeance echeances effectif exclusion exclusions financement horaire horaires
justificatif justificatifs lieu limite limites majoration montant montants nombre objectif objectifs
obligation obligations part piece pieces plafond plafonds plancher pourcentage prix procedure recours sanction
sanctions somme tarif tarifs taux valeur versement
"""
_PARTS_TEXT = """
abonnement accompagnement accord accueil acompte acte adhesion agent aide allocation appel arrete attestation
attribution autorisation avance avis beneficiaire bourse bureau candidat candidature caution charge commission
compte contrat controle convention cotisation courrier decision declaration demande demandeur depense depot
dispositif document dossier droit eligibilite emploi engagement entretien enveloppe envoi etape examen facture
fichier fonds formalite formulaire frais franchise garantie gestion guichet indemnisation indemnite inscription
instruction interlocuteur intervention jury livraison loyer mandat materiel mesure mise modalite notification
offre operation organisateur ouverture paiement participant participation penalite periode phase porteur
prestation pret prime prise programme projet public quotient reclamation reduction referent reglement
remboursement remise renouvellement reponse reservation responsable ressource reste resultat retrait reunion
revenu seance service session signature solde subvention suivi titulaire traitement travaux usager utilisation
validite vote
"""
_INTERROGATIVES = frozenset(_INTERROGATIVES_TEXT.split())
_FRAME = _INTERROGATIVES | frozenset(_FRAME_TEXT.split())
_ATTRIBUTES = frozenset(_ATTRIBUTES_TEXT.split())
"""What is asked of a thing: such a word never tells by itself which thing."""
_PARTS = frozenset(_PARTS_TEXT.split())
"""What any procedure has, or may be called: such a noun leaves open which one."""
_WORD = r"(?P<noun>[a-z][\w\-]*)"
_A_NOUN = rf"(?:du |des |de la |de l'|d'une? ){_WORD}"
_OWN_COMPLEMENT = re.compile(
    rf"\b(?:{'|'.join(sorted(_ATTRIBUTES))})(?: (?:maxim\w+|minim\w+|moyenn?e?|totale?))? {_A_NOUN}"
)
"""« les horaires de la piscine », but not « le délai de décision », which is no thing of its own."""
_OWN_SUBJECT = re.compile(
    r"\b(?:ou|quand|comment|qui|combien(?: de temps)?|quel(?:le)? (?:date|jour)) "
    r"(?:est|sont|coute(?:nt)?|dure(?:nt)?|vaut|valent) "
    rf"(?:le |la |les |l'|une? ){_WORD}"
)
_PREPOSITIONS = frozenset(
    ("pour", "en", "dans", "a", "au", "aux", "chez", "avec", "sans", "sur", "de", "du", "des")
)
_FRAGMENT = re.compile(
    r"\A(?:pour|en|dans|a|au|aux|chez|avec|sans|sur|avant|apres|depuis|jusqu'a|a partir de)\b"
)
_STARTS_ON = re.compile(r"\A(?:et|mais|ou bien|alors|pareil|idem|meme question)\b[\s,:]*")
_OTHER_SUBJECT = re.compile(
    r"\A(?:au fait|autre question|autre chose|sinon|par ailleurs|rien a voir)\b[\s,:]*"
)
_OF_A_PART = re.compile(r"\Acombien (?:pour|en|dans|a|au|aux|chez|avec)\b")
_IMPERSONAL = re.compile(
    r"\b(?:faut-il|y a-t-il|existe-t-il|s'agit-il|qu'en est-il|"
    r"est-il (?:possible|obligatoire|necessaire|interdit|prevu|permis|autorise))\b"
)
_SUBJECT_PRONOUN = re.compile(r"-(?:t-)?(?:il|elle|ils|elles)\b|\b(?:il|elle|ils|elles)\b")
_POINTING = re.compile(
    r"\b(?:celui|celle|ceux|celles|cela|ca|la-bas|lui|y en a|combien en|en (?:beneficie|est-il|dispose))\b|"
    r"\b\w+-(?:t-)?(?:on|il|je|ils?|elles?) (?:en|y|le|la|les|l') ?\w+(?:er|ir|re|oir)\b|\bqui y\b|"
    r"\b(?:qui|quoi|ou|comment|quand) (?:en|y|le|la|les) ?\w+(?:er|ir|re|oir)\b|"
    r"\b(?:cet|cette|ces|ce) (?!annee|mois|jour|semaine|dernier|que\b|qui\b|sont\b|dont\b)[a-z]"
)
_OWN = re.compile(r"\b(?:son|sa|ses|leur|leurs)\b")
_INVERTED = re.compile(
    r"\s(?:(?:se|ne|en|y)\s|(?:s|n)['’])?[\w’']+-(?:t-)?(?:elles?|ils?|on)\b.*\Z", re.IGNORECASE
)
_ARTICLES = frozenset(("le", "la", "les", "un", "une"))
_ARTICLE = re.compile(r"(?:le|la|les|un|une|ce|cet|cette|ces)\Z|l['’]", re.IGNORECASE)
_NAME = re.compile(r"(?<=\s)(?:[A-ZÀ-Ý][\w’'\-]*)(?:\s[A-ZÀ-Ý][\w’'\-]*)*")


@dataclass(frozen=True, slots=True)
class _Understood:
    """A question that stands alone, and what it is about."""

    text: str
    topic: str
    """The question without what is asked: « l'aide Commune numérique pour un CCAS »."""


def standalone(question: Question) -> str:
    """The question with what it takes from the earlier ones; as typed when it takes nothing."""
    known: _Understood | None = None
    for text in (*question.earlier, question.text):
        known = _next(known, text=_one_line(text))
    return known.text if known else ""


def needs_context(text: str, *, before: str = "") -> bool:
    """True when a question cannot be searched by itself: elliptical, or pointing back.

    Args:
        text: The question.
        before: What was asked before it; a thing named there is no new subject.
    """
    bare = _bare(text)
    words = _OTHER_SUBJECT.sub("", _STARTS_ON.sub("", bare))
    if not _specific(words):
        return True
    if _OTHER_SUBJECT.match(bare):
        return False
    if _STARTS_ON.match(bare) or _is_slight(text, words=words, before=before):
        return True
    asks = any(word in _INTERROGATIVES or word == "est-ce" for word in words.split())
    if not asks and _FRAGMENT.match(words) and not _SUBJECT_PRONOUN.search(words):
        return True
    return _points_back(words)


def _is_slight(text: str, *, words: str, before: str) -> bool:
    """True when one common word is all that tells the subject, or a figure is asked of a part."""
    if _OF_A_PART.match(words):
        return True
    names = _NAME.search(_one_line(text)) or any(sign.isdigit() for sign in text)
    return len(_specific(words)) == 1 and not names and not _has_own_subject(text, before=before)


def _has_own_subject(text: str, *, before: str) -> bool:
    """True when a thing is named that was not spoken of, nor is a part of what was."""
    plain, known = flat(_one_line(text)), set(terms(before))
    return any(
        not _leaves_open(found["noun"]) and known.isdisjoint(terms(found["noun"]))
        for pattern in (_OWN_COMPLEMENT, _OWN_SUBJECT)
        for found in pattern.finditer(plain)
    )


def _leaves_open(noun: str) -> bool:
    return bool({noun, noun.removesuffix("s")} & (_PARTS | _ATTRIBUTES | _FRAME))


def _points_back(words: str) -> bool:
    """True when a pronoun stands for something that the question itself has not named before it."""
    plain = _IMPERSONAL.sub(" ", words)
    if _POINTING.search(plain):
        return True
    for pattern in (_SUBJECT_PRONOUN, _OWN):
        found = pattern.search(plain)
        if found and not _nouns(plain[: found.start()].rpartition(" ")[0]):
            return True
    return False


def _next(known: _Understood | None, *, text: str) -> _Understood:
    if known is None or not needs_context(text, before=known.text):
        return _Understood(text, _topic(text))
    rest = _without_start(text)
    if _asks_of_same(rest):
        return _Understood(_joined(rest, topic=known.topic), known.topic)
    swapped = _swapped(known.text, rest=rest)
    return _Understood(swapped, _topic(swapped))


def _asks_of_same(rest: str) -> bool:
    """True when another thing is asked of the same subject, not the same thing of another one."""
    words = _bare(rest).split()
    heads = [word for word in words if word not in _FRAME][:1]
    if words[:1] == ["si"]:
        return False
    if heads and heads[0] in _ATTRIBUTES:
        return True
    return (
        not heads or any(word in _INTERROGATIVES for word in words) or _points_back(" ".join(words))
    )


def _joined(rest: str, *, topic: str) -> str:
    asked = rest.rstrip(" ?!.")
    return f"{asked[:1].upper()}{asked[1:]} ({topic}) ?" if topic else f"{asked} ?"


def _swapped(base: str, *, rest: str) -> str:
    """The question before with another complement: the one with the same preposition, or the name."""
    complement = rest.rstrip(" ?!.")
    complement = complement[:1].lower() + complement[1:]
    head = _bare(complement).split()[:1]
    if head == ["si"]:
        return _extended(base, complement)
    if head and head[0] in _PREPOSITIONS:
        place = _last_place(base, preposition=head[0])
        if place is not None:
            return f"{base[: place[0]]} {complement}{base[place[1] :]}"
        return _extended(base, complement)
    names, own = list(_NAME.finditer(base)), _NAME.search(f" {complement}")
    if names and own is not None:
        last = names[-1]
        return f"{base[: last.start()]}{own[0]}{base[last.end() :]}"
    return _extended(base, complement)


def _last_place(base: str, *, preposition: str) -> tuple[int, int] | None:
    """Where the last complement with a preposition stands, up to the end or the bracket."""
    forms = {"a": "(?:à|au|aux)", "au": "(?:à|au|aux)", "aux": "(?:à|au|aux)"}
    form = forms.get(preposition, re.escape(preposition))
    found = list(
        re.finditer(rf"\s{form}\s[^()?]*?(?=\s*(?:\)|\?|\Z|\sen \d))", base, re.IGNORECASE)
    )
    last = re.compile(rf"\s{form}\s", re.IGNORECASE)
    if not found:
        return None
    start = max(each.start() for each in last.finditer(base, 0, found[-1].end()))
    return start, found[-1].end()


def _extended(base: str, complement: str) -> str:
    stem = base.rstrip(" ?!.")
    if stem.endswith(")"):
        return f"{stem[:-1]} ; {complement}) ?"
    return f"{stem} ; {complement} ?"


def _topic(text: str) -> str:
    """What a question is about: without its interrogative, what it asks, and the verb after it."""
    inner = re.search(r"\(([^()]+)\)\s*\?\Z", text)
    if inner:
        return inner[1]
    words = _one_line(text).rstrip(" ?!.").split(" ")
    start = next((place for place, word in enumerate(words) if _specific(_bare(word))), len(words))
    if any(_ARTICLE.match(word) for word in words[start + 1 : start + 2]):
        start += 1  # a verb: no noun stands before an article
    elif start and _bare(words[start - 1]) in _ARTICLES:
        start -= 1
    topic = re.sub(r"\A(?:de |d['’])", "", " ".join(words[start:]))
    shorter = _INVERTED.sub("", topic)
    return shorter if _specific(_bare(shorter)) else topic


def _without_start(text: str) -> str:
    """The words after « et », « sinon » and the like, as typed."""
    line = _one_line(text)
    for pattern in (_STARTS_ON, _OTHER_SUBJECT):
        found = pattern.match(_bare(line))
        if found:
            count = len(found[0].split())
            line = " ".join(line.split(" ")[count:]).lstrip(" ,:")
    return line


def _specific(words: str) -> list[str]:
    """The words that tell what a question is about."""
    return [word for word in _nouns(words) if word not in _ATTRIBUTES]


def _nouns(words: str) -> list[str]:
    """The words that may name something."""
    found = re.findall(r"[a-z0-9][\w\-']*", words)
    return [word for word in found if word not in _FRAME and not _is_verb_with_pronoun(word)]


def _is_verb_with_pronoun(word: str) -> bool:
    return re.fullmatch(r"[\w']+-(?:t-)?(?:ils?|elles?|on|je|nous|vous)", word) is not None


def _bare(text: str) -> str:
    return " ".join(folded(text).replace("?", " ").replace("!", " ").split())


def _one_line(text: str) -> str:
    return " ".join(text.split())
