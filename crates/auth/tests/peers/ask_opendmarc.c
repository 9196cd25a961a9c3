/* libopendmarc: one message a line, fields between tabs:
 * author domain, its record, its organisational domain, that one's record, SPF domain, its result, DKIM domain, its result.
 * A record that is not there is empty. Answers: none, pass, or fail and the policy. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <opendmarc/dmarc.h>

enum { AUTHOR, RECORD, ORGANISATION, ITS_RECORD, SPF, SPF_RESULT, DKIM, DKIM_RESULT, FIELDS };

static u_char *octets(char *text) { return (u_char *) text; }

static int outcome(const char *word, int pass, int fail) { return strcmp(word, "pass") == 0 ? pass : fail; }

static const char *answer(char **field)
{
	static char text[64];
	DMARC_POLICY_T *message = opendmarc_policy_connect_init(octets("192.0.2.1"), DMARC_POLICY_IP_TYPE_IPV4);
	opendmarc_policy_store_from_domain(message, octets(field[AUTHOR]));
	opendmarc_policy_store_spf(message, octets(field[SPF]),
	    outcome(field[SPF_RESULT], DMARC_POLICY_SPF_OUTCOME_PASS, DMARC_POLICY_SPF_OUTCOME_FAIL),
	    DMARC_POLICY_SPF_ORIGIN_MAILFROM, NULL);
	opendmarc_policy_store_dkim(message, octets(field[DKIM]), octets("s"),
	    outcome(field[DKIM_RESULT], DMARC_POLICY_DKIM_OUTCOME_PASS, DMARC_POLICY_DKIM_OUTCOME_FAIL), NULL);
	int status = DMARC_DNS_ERROR_NO_RECORD;
	if (field[RECORD][0] != '\0')
		status = opendmarc_policy_store_dmarc(message, octets(field[RECORD]), octets(field[AUTHOR]), NULL);
	else if (field[ITS_RECORD][0] != '\0')
		status = opendmarc_policy_store_dmarc(message, octets(field[ITS_RECORD]), octets(field[AUTHOR]),
		    octets(field[ORGANISATION]));
	if (status != DMARC_PARSE_OKAY) {
		/* No record, or one that cannot be used: the milter does nothing then. */
		strcpy(text, "none");
	} else {
		switch (opendmarc_get_policy_to_enforce(message)) {
		case DMARC_POLICY_PASS: strcpy(text, "pass"); break;
		case DMARC_POLICY_REJECT: strcpy(text, "fail reject"); break;
		case DMARC_POLICY_QUARANTINE: strcpy(text, "fail quarantine"); break;
		case DMARC_POLICY_NONE: strcpy(text, "fail none"); break;
		default: strcpy(text, "none"); break;
		}
	}
	opendmarc_policy_connect_shutdown(message);
	return text;
}

int main(void)
{
	char list[] = "/tmp/opendmarc-suffixes-XXXXXX", *line = NULL;
	size_t capacity = 0;
	OPENDMARC_LIB_T library = { .tld_type = OPENDMARC_TLD_TYPE_MOZILLA };
	FILE *suffixes = fdopen(mkstemp(list), "w");
	fputs("org\nnet\ncom\n", suffixes);
	fclose(suffixes);
	strcpy((char *) library.tld_source_file, list);
	int status = opendmarc_policy_library_init(&library);
	unlink(list);
	if (status != DMARC_PARSE_OKAY)
		return 1;
	while (getline(&line, &capacity, stdin) > 0) {
		char *rest = line, *field[FIELDS] = { NULL };
		line[strcspn(line, "\n")] = '\0';
		for (int at = 0; at < FIELDS; at++)
			field[at] = strsep(&rest, "\t");
		printf("%s\n", answer(field));
		fflush(stdout);
	}
	free(line);
	return 0;
}
