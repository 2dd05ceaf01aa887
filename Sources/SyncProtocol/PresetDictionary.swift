import Codec

/// The preset dictionary of small pushes: words of this format and of the trade, the likeliest last.
///
/// Part of the protocol: `Fixtures/protocol/dictionary-1.txt` holds the same bytes. A later version gets a new
/// dictionary, and a server knows all of them by their Adler-32.
package enum PresetDictionary {
  package static let bytes = Array(text.utf8)

  /// The Adler-32 by which a zlib stream names the dictionary.
  package static let id: UInt32 = Checksum.adler32(bytes)

  private static let text = """
    hemmelig adresse Postnummer Lieferung Rechnung Bestellung Rückmeldung Vielen Dank Mit freundlichen Grüßen \
    bestelling levering factuur afspraak monteur bedankt Met vriendelijke groet leverans faktura tack Med vänlig \
    hälsning bestilling levering faktura tekniker aftale Med venlig hilsen ordre regning vennlig hilsen takk for \
    the order was not delivered and the customer would like a refund or a replacement please call back on \
    we have received your message and will send an engineer tomorrow morning between thank you for your patience \
    ikke det der til og jeg har en med som på af vi kan du at er for den fra men eller \
    niet het een van en ik heb met voor dat op te is zijn we kunnen naar maar of \
    nicht das der die und ich habe ein mit für auf wir können zu ist aber oder \
    "customer/","ticket/","article/","promise/","survey/",\
    "set":{"name":"","language":"da","address.street":"","address.postcode":"","address.city":"","address.country":"DK"},\
    "add":{"phones":["+45 "],"emails":["@"],"handles":[""]}\
    "set":{"customer":"customer/","subject":"","status":"new","priority":"normal","channel":"email","team":"","assignee":"agent"\
    ,"set":{"status":"closed"},"over":{"status":[""]}}
    {"set":{"status":"pending"},"over":{"status":[""]}}
    {"set":{"status":"on-hold"},"over":{"status":[""]}}
    {"set":{"status":"solved"},"over":{"status":[""]}}
    {"set":{"status":"open"},"over":{"status":[""]}}
    {"set":{"priority":"low"},"over":{"priority":[""]}}
    {"set":{"priority":"urgent"},"over":{"priority":[""]}}
    {"set":{"priority":"high"},"over":{"priority":[""]}}
    {"set":{"assignee":"agent-"},"over":{"assignee":[""]}}
    {"set":{"team":"billing"},"over":{"team":[""]}}
    {"set":{"subject":""},"over":{"subject":[""]}}
    {"set":{"fact.":{"value":"","channel":"phone"}},"over":{"fact.":[""]}}
    {"set":{"fact.":{"value":"","channel":"email"}}}
    {"set":{"consent.marketing":"granted"},"over":{"consent.marketing":[""]}}
    {"add":{"tags":["refund"]}}
    {"drop":{"tags":{"urgent":[""]}}}
    {"log":{"timeline":{"kind":"note","channel":"phone","text":""}}}
    {"log":{"timeline":{"kind":"note","channel":"email","text":""}}}
    {"log":{"timeline":{"kind":"message","channel":"visit","direction":"in","text":""}}}
    {"log":{"timeline":{"kind":"message","channel":"social","direction":"in","text":""}}}
    {"log":{"timeline":{"kind":"message","channel":"social","direction":"out","text":""}}}
    {"log":{"timeline":{"kind":"message","channel":"sms","direction":"in","text":""}}}
    {"log":{"timeline":{"kind":"message","channel":"sms","direction":"out","text":""}}}
    {"log":{"timeline":{"kind":"message","channel":"web","direction":"in","text":""}}}
    {"log":{"timeline":{"kind":"message","channel":"web","direction":"out","text":""}}}
    {"log":{"timeline":{"kind":"message","channel":"phone","direction":"in","text":""}}}
    {"log":{"timeline":{"kind":"message","channel":"phone","direction":"out","text":""}}}
    {"log":{"timeline":{"kind":"message","channel":"chat","direction":"in","text":""}}}
    {"log":{"timeline":{"kind":"message","channel":"chat","direction":"out","text":""}}}
    {"log":{"timeline":{"kind":"message","channel":"email","direction":"in","text":""}}}
    {"log":{"timeline":{"kind":"message","channel":"email","direction":"out","text":""}}}
    "Tak for din besked. "Bedankt voor uw bericht. "Takk for henvendelsen. "Thank you for your message. "Hej "Hi "Hei "Beste
    {"replica":"","by":"","seen":0,"seq":1,"times":[17],"on":["ticket/","","customer/","","ticket/"]}
    {"seq":1,"times":[17,"on":["ticket/
    """
}
