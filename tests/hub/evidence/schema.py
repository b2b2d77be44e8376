"""PREMIS 3.0 as a table: for each unit that Lagan writes, what it holds, in which order and how
often (`?` at most once, `*` any number, `+` at least once). Source: the data dictionary, version
3.0, and the order of its XML schema."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

NAMESPACE = "{http://www.loc.gov/premis/v3}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"

UNITS = {
    "premis": "object+ event* agent* rights*",
    "object file": "objectIdentifier+ preservationLevel* significantProperties*"
    " objectCharacteristics+ originalName? storage* signatureInformation* relationship*"
    " linkingEventIdentifier* linkingRightsStatementIdentifier*",
    "object intellectualEntity": "objectIdentifier+ preservationLevel* significantProperties*"
    " originalName? environmentFunction* environmentDesignation* environmentRegistry*"
    " environmentExtension* relationship* linkingEventIdentifier*"
    " linkingRightsStatementIdentifier*",
    "rights": "rightsStatement+",
    "rightsStatement": "rightsStatementIdentifier rightsBasis copyrightInformation?"
    " licenseInformation* statuteInformation* otherRightsInformation? rightsGranted*"
    " linkingObjectIdentifier* linkingAgentIdentifier*",
    "rightsStatementIdentifier": "rightsStatementIdentifierType rightsStatementIdentifierValue",
    "licenseInformation": "licenseDocumentationIdentifier* licenseTerms? licenseNote*"
    " licenseApplicableDates?",
    "licenseDocumentationIdentifier": "licenseDocumentationIdentifierType"
    " licenseDocumentationIdentifierValue licenseDocumentationRole?",
    "otherRightsInformation": "otherRightsDocumentationIdentifier* otherRightsBasis"
    " otherRightsApplicableDates? otherRightsNote*",
    "rightsGranted": "act restriction* termOfGrant? termOfRestriction? rightsGrantedNote*",
    "formatRegistry": "formatRegistryName formatRegistryKey formatRegistryRole?",
    "objectIdentifier": "objectIdentifierType objectIdentifierValue",
    "objectCharacteristics": "compositionLevel? fixity* size? format+ creatingApplication*"
    " inhibitors* objectCharacteristicsExtension*",
    "fixity": "messageDigestAlgorithm messageDigest messageDigestOriginator?",
    "format": "formatDesignation formatRegistry? formatNote*",
    "formatDesignation": "formatName formatVersion?",
    "storage": "contentLocation storageMedium?",
    "contentLocation": "contentLocationType contentLocationValue",
    "relationship": "relationshipType relationshipSubType relatedObjectIdentifier+"
    " relatedEventIdentifier* relatedEnvironmentPurpose* relatedEnvironmentCharacteristic?",
    "relatedObjectIdentifier": "relatedObjectIdentifierType relatedObjectIdentifierValue"
    " relatedObjectSequence?",
    "event": "eventIdentifier eventType eventDateTime eventDetailInformation*"
    " eventOutcomeInformation* linkingAgentIdentifier* linkingObjectIdentifier*",
    "eventIdentifier": "eventIdentifierType eventIdentifierValue",
    "eventDetailInformation": "eventDetail? eventDetailExtension*",
    "eventOutcomeInformation": "eventOutcome eventOutcomeDetail*",
    "eventOutcomeDetail": "eventOutcomeDetailNote eventOutcomeDetailExtension*",
    "linkingAgentIdentifier": "linkingAgentIdentifierType linkingAgentIdentifierValue"
    " linkingAgentRole*",
    "linkingObjectIdentifier": "linkingObjectIdentifierType linkingObjectIdentifierValue"
    " linkingObjectRole*",
    "agent": "agentIdentifier+ agentName* agentType? agentVersion? agentNote* agentExtension*"
    " linkingEventIdentifier* linkingRightsStatementIdentifier* linkingEnvironmentIdentifier*",
    "agentIdentifier": "agentIdentifierType agentIdentifierValue",
}
TEXTS = {
    "eventType": {"authority", "authorityURI", "valueURI"},
}
WORDS = re.compile(r"(\w+)([?*+]?)")


def faults(element: Element) -> list[str]:
    """Everything in which a document is not PREMIS 3.0."""
    name = element.tag.removeprefix(NAMESPACE)
    key = f"object {element.get(TYPE)}" if name == "object" else name
    if key not in UNITS:
        allowed = TEXTS.get(name, set())
        leaf = len(element) == 0 and (element.text or "").strip()
        wrong = set(element.attrib) - allowed
        return [] if leaf and not wrong else [f"{name}: no unit of PREMIS, or an empty one"]
    pattern = "".join(f"(?:{each} ){count}" for each, count in WORDS.findall(UNITS[key]))
    inner = "".join(f"{child.tag.removeprefix(NAMESPACE)} " for child in element)
    found = [] if re.fullmatch(pattern, inner) else [f"{key} holds {inner}"]
    return found + [fault for child in element for fault in faults(child)]
