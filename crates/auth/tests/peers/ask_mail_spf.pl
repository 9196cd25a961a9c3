# Mail::SPF, with the zones that it is given: one case a line, {"zone": {...}, "queries": [[ip, sender, helo], ...]}.
# One answer a line: [[result, explanation of a fail, reason], ...].
use strict;
use warnings;
use JSON::PP;
use Mail::SPF;
use Net::DNS;

package Zone;

sub new { my ($class) = @_; return bless { zone => {}, error => '' }, $class }
sub errorstring { return $_[0]{error} }

sub send {
    my ($self, $name, $type) = @_;
    $name =~ s/\.$//;
    $self->{error} = '';
    my $packet = Net::DNS::Packet->new($name, $type);
    my $owner = lc $name;
    for my $hop (0 .. 10) {
        my $entries = $self->{zone}{$owner};
        if (!$entries) {
            my $above = grep { /\.\Q$owner\E$/ } keys %{ $self->{zone} };
            $packet->header->rcode($above ? 'NOERROR' : 'NXDOMAIN');
            last;
        }
        my $alias;
        for my $entry (@$entries) {
            my ($kind, $value) = @$entry;
            if ($kind eq 'TIMEOUT') { $self->{error} = 'query timed out'; return }
            $alias = $value if $kind eq 'CNAME';
            next unless $kind eq $type || $kind eq 'CNAME';
            my @data = $kind eq 'A' || $kind eq 'AAAA' ? (address => $value)
                : $kind eq 'MX'    ? (preference => $value->[0], exchange => $value->[1])
                : $kind eq 'PTR'   ? (ptrdname => $value)
                : $kind eq 'CNAME' ? (cname => $value)
                :                    (txtdata => [$value]);
            $packet->push(answer => Net::DNS::RR->new(owner => $owner, type => $kind, @data));
        }
        last unless defined $alias && $type ne 'CNAME';
        $owner = lc $alias;
    }
    return $packet;
}

package main;

my $zone = Zone->new;
my $server = Mail::SPF::Server->new(
    dns_resolver                  => $zone,
    hostname                      => 'receiver.example.org',
    default_authority_explanation => 'DEFAULT',
);

sub check {
    my ($ip, $sender, $helo) = @_;
    my $request = Mail::SPF::Request->new(
        versions      => [1],
        scope         => $sender ? 'mfrom' : 'helo',
        identity      => $sender || $helo,
        ip_address    => $ip,
        helo_identity => $helo,
    );
    my $result = $server->process($request);
    my $explanation = $result->code eq 'fail' ? $result->authority_explanation : '';
    return [$result->code, "$explanation", $result->local_explanation . ''];
}

$| = 1;
while (my $line = <STDIN>) {
    my $case = decode_json($line);
    $zone->{zone} = $case->{zone};
    my @answers = map {
        my $query = $_;
        eval { check(@$query) } || [crash => '', "$@"]
    } @{ $case->{queries} };
    print encode_json(\@answers), "\n";
}
