/* libopendkim, with the keys that it is given; the tasks are those of ask_dkimpy.py. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <opendkim/dkim.h>

static char *records[2], *private_keys[2];

static size_t octets(char *hex)
{
	size_t length = 0;
	for (char *at = hex; at[0] != '\0' && at[1] != '\0'; at += 2) {
		unsigned int octet = 0;
		sscanf(at, "%2x", &octet);
		hex[length++] = (char) octet;
	}
	hex[length] = '\0';
	return length;
}

static DKIM_CBSTAT lookup(DKIM *dkim, DKIM_SIGINFO *sig, u_char *buffer, size_t size)
{
	(void) dkim;
	int ed = strcmp((char *) dkim_sig_getselector(sig), "ed") == 0;
	snprintf((char *) buffer, size, "%s", records[ed]);
	return DKIM_CBSTAT_CONTINUE;
}

static void verify(DKIM_LIB *lib, char *message, size_t length)
{
	DKIM_STAT status;
	DKIM_SIGINFO **signatures = NULL;
	int count = 0;
	DKIM *dkim = dkim_verify(lib, (const unsigned char *) "verify", NULL, &status);
	status = dkim_chunk(dkim, (u_char *) message, length);
	if (status == DKIM_STAT_OK)
		status = dkim_chunk(dkim, NULL, 0);
	if (status == DKIM_STAT_OK)
		dkim_eom(dkim, NULL);
	if (dkim_getsiglist(dkim, &signatures, &count) != DKIM_STAT_OK)
		count = 0;
	for (int at = 0; at < count; at++) {
		if ((dkim_sig_getflags(signatures[at]) & DKIM_SIGFLAG_PROCESSED) == 0)
			dkim_sig_process(dkim, signatures[at]);
		int passed = (dkim_sig_getflags(signatures[at]) & DKIM_SIGFLAG_PASSED) != 0
		    && dkim_sig_getbh(signatures[at]) == DKIM_SIGBH_MATCH;
		printf("%s%s", at > 0 ? " " : "", passed ? "pass" : "fail");
	}
	printf("\n");
	dkim_free(dkim);
}

static int canon(const char *word)
{
	return strcmp(word, "simple") == 0 ? DKIM_CANON_SIMPLE : DKIM_CANON_RELAXED;
}

static void sign(DKIM_LIB *lib, char **fields, size_t length)
{
	DKIM_STAT status;
	int ed = strcmp(fields[0], "ed") == 0;
	u_char *value = NULL;
	size_t size = 0;
	DKIM *dkim = dkim_sign(lib, (const unsigned char *) "sign", NULL, (dkim_sigkey_t) private_keys[ed],
	    (const unsigned char *) fields[0], (const unsigned char *) "example.org", canon(fields[1]),
	    canon(fields[2]), ed ? DKIM_SIGN_ED25519SHA256 : DKIM_SIGN_RSASHA256, -1, &status);
	if (dkim == NULL) {
		printf("crash %d\n", status);
		return;
	}
	status = dkim_chunk(dkim, (u_char *) fields[3], length);
	if (status == DKIM_STAT_OK)
		status = dkim_chunk(dkim, NULL, 0);
	if (status == DKIM_STAT_OK)
		status = dkim_eom(dkim, NULL);
	if (status == DKIM_STAT_OK)
		status = dkim_getsighdr_d(dkim, strlen("DKIM-Signature: "), &value, &size);
	if (status != DKIM_STAT_OK) {
		printf("crash %d %s\n", status, dkim_geterror(dkim) != NULL ? dkim_geterror(dkim) : "");
	} else {
		for (const char *at = "DKIM-Signature: "; *at != '\0'; at++)
			printf("%02x", (unsigned char) *at);
		for (size_t at = 0; at < size; at++)
			printf("%02x", value[at]);
		printf("0d0a\n");
	}
	dkim_free(dkim);
}

int main(void)
{
	DKIM_LIB *lib = dkim_init(NULL, NULL);
	char *line = NULL;
	size_t capacity = 0;
	dkim_set_key_lookup(lib, lookup);
	while (getline(&line, &capacity, stdin) > 0) {
		char *rest = line, *fields[6] = { NULL };
		int count = 0;
		line[strcspn(line, "\n")] = '\0';
		while (count < 6 && (fields[count] = strsep(&rest, "\t")) != NULL)
			count++;
		size_t length = octets(fields[count - 1]);
		if (strcmp(fields[0], "keys") == 0) {
			for (int at = 1; at < count - 1; at++)
				octets(fields[at]);
			records[0] = strdup(fields[1]);
			records[1] = strdup(fields[2]);
			private_keys[0] = strdup(fields[3]);
			private_keys[1] = strdup(fields[4]);
			printf("ok\n");
		} else if (strcmp(fields[0], "verify") == 0) {
			verify(lib, fields[1], length);
		} else {
			sign(lib, fields + 1, length);
		}
		fflush(stdout);
	}
	free(line);
	dkim_close(lib);
	return 0;
}
