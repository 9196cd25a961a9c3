# Mail::DKIM, with the keys that it is given; the tasks are those of ask_dkimpy.py.
use strict;
use warnings;
use Mail::DKIM::PrivateKey;
use Mail::DKIM::Signer;
use Mail::DKIM::Verifier;
use Net::DNS;

package Zone;

my %records;

sub new { return bless {}, shift }
sub errorstring { return 'NOERROR' }

sub send {
    my ($self, $name, $type) = @_;
    my $packet = Net::DNS::Packet->new($name, $type);
    my ($selector) = split /\./, $name;
    if (defined $records{$selector}) {
        my @pieces = unpack '(A250)*', $records{$selector};
        $packet->push(answer => Net::DNS::RR->new(owner => $name, type => 'TXT', txtdata => \@pieces));
    } else {
        $packet->header->rcode('NXDOMAIN');
    }
    return $packet;
}

package main;

my $private;
Mail::DKIM::DNS::resolver(Zone->new);

sub keys_ {
    my ($rsa_record, $ed_record, $rsa_pem) = @_;
    %records = (rsa => $rsa_record, ed => $ed_record);
    $rsa_pem =~ s/-----[^-]+-----|\s//g;
    $private = Mail::DKIM::PrivateKey->load(Data => $rsa_pem);
    return 'ok';
}

sub verify {
    my ($message) = @_;
    my $verifier = Mail::DKIM::Verifier->new;
    $verifier->PRINT($message);
    $verifier->CLOSE;
    return join ' ', map { $_->result eq 'pass' ? 'pass' : 'fail' } $verifier->signatures;
}

sub sign {
    my ($key, $header, $body, $content) = @_;
    my $signer = Mail::DKIM::Signer->new(
        Algorithm => 'rsa-sha256',
        Method    => "$header/$body",
        Domain    => 'example.org',
        Selector  => $key,
        Key       => $private,
    );
    $signer->PRINT($content);
    $signer->CLOSE;
    return unpack 'H*', $signer->signature->as_string . "\r\n";
}

$| = 1;
while (my $line = <STDIN>) {
    chomp $line;
    my ($word, @fields) = split /\t/, $line, -1;
    my $answer = eval {
        if ($word eq 'sign') {
            $fields[-1] = pack 'H*', $fields[-1];
            sign(@fields);
        } else {
            @fields = map { pack 'H*', $_ } @fields;
            $word eq 'keys' ? keys_(@fields) : verify(@fields);
        }
    };
    $answer = "crash $@" unless defined $answer;
    $answer =~ s/\n/ /g;
    print "$answer\n";
}
