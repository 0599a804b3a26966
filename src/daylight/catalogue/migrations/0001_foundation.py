import daylight.catalogue.models.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('username', models.CharField(max_length=150, unique=True)),
                ('agent', models.CharField(default=daylight.catalogue.models.ids.new_agent, editable=False, max_length=32, unique=True)),
                ('is_active', models.BooleanField(default=True)),
                ('language', models.CharField(blank=True, default='', max_length=8)),
                ('created', models.DateTimeField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Collection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=daylight.catalogue.models.ids.new_public_id, max_length=32, unique=True)),
                ('name', models.CharField(max_length=200, unique=True)),
                ('created', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('index', models.BigIntegerField(primary_key=True, serialize=False)),
                ('leaf', models.BinaryField()),
                ('details', models.BinaryField(null=True)),
                ('details_salt', models.BinaryField(max_length=32, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('public_id', models.CharField(default=daylight.catalogue.models.ids.new_public_id, max_length=32, unique=True)),
                ('sha256', models.BinaryField(max_length=32, unique=True)),
                ('size', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Occurrence',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('entry', models.BigIntegerField()),
                ('position', models.IntegerField()),
                ('salt', models.BinaryField(max_length=32, null=True)),
                ('verified', models.BooleanField()),
            ],
        ),
        migrations.CreateModel(
            name='Subtree',
            fields=[
                ('key', models.BigIntegerField(primary_key=True, serialize=False)),
                ('hash', models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name='Vault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('vault_id', models.CharField(max_length=32, unique=True)),
                ('custodian', models.CharField(default=daylight.catalogue.models.ids.new_agent, max_length=32)),
                ('software', models.CharField(default=daylight.catalogue.models.ids.new_agent, max_length=32)),
                ('created', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Accession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=daylight.catalogue.models.ids.new_public_id, max_length=32, unique=True)),
                ('name', models.CharField(max_length=200, unique=True)),
                ('roots_sha256', models.BinaryField(max_length=32)),
                ('created', models.DateTimeField()),
                ('finished', models.DateTimeField(null=True)),
                ('collection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accessions', to='catalogue.collection')),
            ],
        ),
        migrations.CreateModel(
            name='Media',
            fields=[
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, serialize=False, to='catalogue.item')),
                ('probe_version', models.IntegerField()),
                ('kind', models.CharField(db_index=True, max_length=12)),
                ('state', models.CharField(db_index=True, max_length=12)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('container', models.CharField(blank=True, max_length=40)),
                ('codec', models.CharField(blank=True, max_length=40)),
                ('width', models.IntegerField(null=True)),
                ('height', models.IntegerField(null=True)),
                ('fps', models.FloatField(null=True)),
                ('duration_us', models.BigIntegerField(null=True)),
                ('has_sound', models.BooleanField(default=False)),
                ('facts', models.JSONField()),
                ('key_frames', models.BinaryField(max_length=32, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('detector', models.CharField(max_length=40)),
                ('version', models.IntegerField()),
                ('failed', models.CharField(blank=True, max_length=300)),
                ('facts', models.JSONField()),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='catalogue.item')),
            ],
        ),
        migrations.CreateModel(
            name='LeakedPath',
            fields=[
                ('occurrence', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='leaked_path', serialize=False, to='catalogue.occurrence')),
                ('path', models.BinaryField()),
                ('path_sha256', models.BinaryField(max_length=32)),
                ('mtime_ns', models.BigIntegerField(null=True)),
                ('mode', models.IntegerField(null=True)),
            ],
            options={
                'permissions': (('see_leaked_path', 'May see leaked names and paths'),),
            },
        ),
        migrations.AddField(
            model_name='occurrence',
            name='accession',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='occurrences', to='catalogue.accession'),
        ),
        migrations.AddField(
            model_name='occurrence',
            name='item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='occurrences', to='catalogue.item'),
        ),
        migrations.CreateModel(
            name='LoginLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_sha256', models.BinaryField(max_length=32, unique=True)),
                ('expires', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('collection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='catalogue.collection')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Rendition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
                ('media_type', models.CharField(max_length=80)),
                ('sha256', models.BinaryField(max_length=32)),
                ('size', models.BigIntegerField()),
                ('facts', models.JSONField()),
                ('finding', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='renditions', to='catalogue.finding')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='renditions', to='catalogue.item')),
            ],
        ),
        migrations.CreateModel(
            name='RoleGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('administrator', 'administrator'), ('archivist', 'archivist'), ('analyst', 'analyst'), ('editor', 'editor'), ('counsel', 'counsel')], max_length=20)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Statement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('topic', models.CharField(max_length=40)),
                ('value', models.TextField(blank=True)),
                ('entry', models.BigIntegerField()),
                ('accession', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='catalogue.accession')),
            ],
        ),
        migrations.CreateModel(
            name='Exclusion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('reason', models.CharField(max_length=300)),
                ('path', models.BinaryField()),
                ('path_sha256', models.BinaryField(max_length=32)),
                ('target', models.BinaryField(default=b'')),
                ('entry', models.BigIntegerField()),
                ('accession', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exclusions', to='catalogue.accession')),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('accession', 'path_sha256', 'kind'), name='one_exclusion')],
            },
        ),
        migrations.CreateModel(
            name='Holding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('collection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='catalogue.collection')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holdings', to='catalogue.item')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('item', 'collection'), name='one_holding')],
            },
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.UniqueConstraint(fields=('item', 'detector', 'version'), name='one_finding_a_detector'),
        ),
        migrations.AddField(
            model_name='leakedpath',
            name='accession',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.accession'),
        ),
        migrations.AddIndex(
            model_name='occurrence',
            index=models.Index(fields=['entry'], name='occurrence_by_entry'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('user', 'collection'), name='one_membership'),
        ),
        migrations.AddConstraint(
            model_name='rendition',
            constraint=models.UniqueConstraint(fields=('finding', 'name'), name='one_rendition_a_name'),
        ),
        migrations.AddConstraint(
            model_name='rolegrant',
            constraint=models.UniqueConstraint(fields=('user', 'role'), name='one_grant_a_role'),
        ),
        migrations.AddIndex(
            model_name='leakedpath',
            index=models.Index(fields=['accession', 'path_sha256'], name='leaked_path_by_name'),
        ),
    ]
